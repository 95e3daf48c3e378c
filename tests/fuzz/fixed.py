"""Programs that are written down, for tests."""

from __future__ import annotations

from typing import Any

from fuzz.kinds import Kind
from fuzz.programs import Column, Dataset, File, Format, Part


def column(name: str, tag: int, *parts: Kind | tuple[int, Kind]) -> Column:
    """Kinds one after the other; the last goes on to the end."""
    spelled = [Part(*part) if isinstance(part, tuple) else Part(0, part) for part in parts]
    return Column(name=name, tag=tag, parts=tuple(spelled))


def file(form: Format, *columns: Column, rows: int = 20, number: int = 0, **more: Any) -> File:
    return File(
        name=f"f{number}.{form.value}",
        number=number,
        format=form,
        columns=columns,
        rows=rows,
        **more,
    )


def dataset(*files: File, name: str = "shop") -> Dataset:
    return Dataset(name=name, files=files)
