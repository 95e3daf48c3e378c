"""Keeps what went wrong, for people: the smallest files in a folder, with the findings in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from pathlib import Path

from fuzz.findings import Finding
from fuzz.programs import Case
from fuzz.truth import Written

_SHOWN_BYTES = 600
_SHOWN = 6


def keep(
    folder: Path, case: Case, written: Mapping[str, Written], found: Sequence[Finding], origin: str
) -> None:
    """Write files at their keys, and beside them what is wrong and the program in Python."""
    for key, item in written.items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(item.body)
    told = "\n".join(map(str, found))
    (folder / "findings.txt").write_text(f"{origin}\n\n{told}\n", encoding="utf-8")
    (folder / "program.txt").write_text(f"{as_python(case)}\n", encoding="utf-8")


def shown(written: Mapping[str, Written], found: Sequence[Finding]) -> str:
    """Return findings, and the beginnings of the files."""
    lines = [f"  {finding}"[:400] for finding in found[:_SHOWN]]
    for key, item in written.items():
        lines.append(f"  {key} ({len(item.body):,} bytes, {item.duty.name.lower()})")
        lines.append(f"    {item.body[:_SHOWN_BYTES]!r}")
    return "\n".join(lines)


def as_python(value: object) -> str:
    """Return a program as an expression to paste into a test; default values are left out."""
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, tuple):
        return f"({''.join(f'{as_python(item)}, ' for item in value).rstrip()})"
    if not is_dataclass(value):
        return repr(value)
    said = [
        f"{field.name}={as_python(getattr(value, field.name))}"
        for field in fields(value)
        if field.default is MISSING or getattr(value, field.name) != field.default
    ]
    return f"{type(value).__name__}({', '.join(said)})"
