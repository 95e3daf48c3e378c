"""Observations as a Markdown table. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from benchmarks.hazards.files import Hazard
from benchmarks.hazards.observing import Observed

_SHOWN_ROWS = 4
_SHOWN_COLUMNS = 5
_SHOWN_LETTERS = 32
_SHOWN_MESSAGE = 220
_SHOWN_FILE = 110
_GZIP = b"\x1f\x8b"

_TYPES = {
    "bool": "boolean",
    "date32[day]": "date",
    "double": "double",
    "int32": "int",
    "int64": "bigint",
    "string": "string",
}


@dataclass(frozen=True)
class Compared:
    """A hazard, and the results of both readers."""

    hazard: Hazard
    plain_spark: Observed
    this_reader: Observed


def as_markdown(compared: Iterable[Compared], *, spark_version: str) -> str:
    release = ".".join(spark_version.split(".")[:2])
    rows = [f"| {_described(item.hazard)} | {_plain(item)} | {_ours(item)} |" for item in compared]
    head = f"| hazard | what plain Spark {release} does | what this reader does |\n|---|---|---|"
    return "\n".join([_INTRODUCTION.format(version=spark_version), head, *rows]) + "\n"


_INTRODUCTION = """\
# Hazards

Written by `make hazards`, which feeds each of these files to both readers and notes what is in
the Parquet that they write. By hand are only the files, their names and what is said of them.

Plain Spark is Spark {version} with `header` and `inferSchema`, and no other option unless the
hazard names one. This reader gets none at all. Bold is what is not as the file has it: another
number of rows than records, and values that are neither in the output nor in quarantine. A row
is shown as a tuple; `null` is no value, text is in quotes, line ends in it are `\\n`.
"""


def _described(hazard: Hazard) -> str:
    contents = {name: content for name, content in hazard.files.items() if content}
    shown = [
        f"`{name}`: {_text(content)}" if len(contents) > 1 else _text(content)
        for name, content in contents.items()
        if not content.startswith(_GZIP)
    ]
    return "<br>".join([f"**{hazard.name}**", hazard.sentence, *shown])


def _text(content: bytes) -> str:
    return _code(_clipped(_escaped(content), _SHOWN_FILE))


def _plain(item: Compared) -> str:
    seen = item.plain_spark
    if seen.error:
        return f"The job ends: {_message(seen.error)}"
    warnings = [f"warns: {_message(warning)}" for warning in seen.warnings]
    return "<br>".join([*_output(seen, item.hazard), *warnings])


def _ours(item: Compared) -> str:
    seen = item.this_reader
    if seen.error:
        return f"The load ends: {_message(seen.error)}"
    refused = [_message(reason) for reason in seen.refused]
    output = _output(seen, item.hazard) if seen.rows or not refused else []
    return "<br>".join([*refused, *output, *_quarantine(seen)])


def _output(seen: Observed, hazard: Hazard) -> list[str]:
    return [_count(seen, hazard), *_lost(seen, hazard), *_table(seen)]


def _count(seen: Observed, hazard: Hazard) -> str:
    rows, aside = len(seen.rows), len(seen.quarantined)
    text = f"{rows:,} row{'' if rows == 1 else 's'}"
    text += f", {aside:,} in quarantine" if aside else ""
    return text if rows + aside == hazard.records else f"**{text} instead of {hazard.records:,}**"


def _lost(seen: Observed, hazard: Hazard) -> Iterator[str]:
    """Yield a note on the hazard's values that are neither in the output nor put aside."""
    there = {str(value) for row in seen.rows for value in row}
    aside = [str(row["raw"]) for row in seen.quarantined]
    lost = [v for v in hazard.values if v not in there and not any(v in raw for raw in aside)]
    if lost:
        yield f"**not there any more:** {', '.join(_code(_value(value)) for value in lost)}"


def _quarantine(seen: Observed) -> Iterator[str]:
    for row in seen.quarantined[:_SHOWN_ROWS]:
        raw = _code(_clipped(_escaped(str(row["raw"])), _SHOWN_LETTERS))
        yield f"quarantine: line {row['line']}, {_message(str(row['reason']))}: {raw}"
    left = len(seen.quarantined) - _SHOWN_ROWS
    if left > 0:
        yield f"… and {left:,} more"


def _table(seen: Observed) -> Iterator[str]:
    if not seen.columns:
        return
    named = [f"{_escaped(name)} {_type(kind)}" for name, kind in seen.columns]
    yield _code(", ".join(_few(named)))
    for row in seen.rows[:_SHOWN_ROWS]:
        yield _code(f"({', '.join(_few([_value(value) for value in row]))})")
    if len(seen.rows) > _SHOWN_ROWS:
        yield f"… and {len(seen.rows) - _SHOWN_ROWS:,} more"


def _few(texts: Sequence[str]) -> list[str]:
    if len(texts) <= _SHOWN_COLUMNS:
        return list(texts)
    return [*texts[: _SHOWN_COLUMNS - 1], f"… {len(texts) - _SHOWN_COLUMNS + 1:,} more"]


def _type(kind: str) -> str:
    if kind.startswith("timestamp"):
        return "timestamp"
    decimal = re.match(r"decimal128\((\d+), (\d+)\)", kind)
    return f"decimal({decimal[1]},{decimal[2]})" if decimal else _TYPES.get(kind, kind)


def _value(value: Any) -> str:
    match value:
        case None:
            return "null"
        case str():
            mark = "'" if '"' in value else '"'
            return f"{mark}{_clipped(_escaped(value), _SHOWN_LETTERS)}{mark}"
        case date() | datetime() | Decimal() | bool():
            return str(value).lower()
        case _:
            return repr(value)


def _message(text: str) -> str:
    return _clipped(_escaped(text), _SHOWN_MESSAGE).replace("|", "\\|").replace("<", "&lt;")


def _escaped(content: str | bytes) -> str:
    """Return a text on one line, with bytes and letters that cannot be shown as escapes."""
    if isinstance(content, bytes):
        content = content[: 4 * _SHOWN_FILE].decode("utf-8", "backslashreplace")
    names = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "�": "\\ufffd"}
    return "".join(
        names.get(letter) or (letter if letter.isprintable() else ascii(letter)[1:-1])
        for letter in content
    )


def _clipped(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[:letters]}…"


def _code(text: str) -> str:
    """Return code for a cell of a table: a pipe would end the cell, a backtick the code."""
    text = text.replace("|", "\\|")
    return f"`` {text} ``" if "`" in text else f"`{text}`"
