"""Writes JSON by hand: every number as it is spelled, every object with its line."""

from __future__ import annotations

import json
from collections.abc import Sequence

from fuzz.kinds import Kind
from fuzz.programs import Column, File, Format, Oddity
from fuzz.truth import Cell, Duty, Nature, Record, Standing, Written, cells_of

_BETWEEN = {Format.JSON_LINES: "", Format.JSON_LIST: ",", Format.JSON_DOCUMENTS: ""}
_SYNTAX = {
    Oddity.BROKEN,
    Oddity.PYTHON,
    Oddity.LOG_LINE,
    Oddity.NOT_A_NUMBER,
    Oddity.COMMENT,
    Oddity.LONG,
}
"""Oddities after which a list or documents cannot be read on."""
_DEPTH = 990
_UNHOLDABLE = {Kind.TINY, Kind.VAST, Kind.BOMB}


def write_json(file: File) -> tuple[str, Written]:
    """Return the text, and what it holds; the caller encodes the text as the body."""
    elements = list(_elements(file))
    end, between = file.json.line_end, _BETWEEN[file.format]
    parts = ["[" + end] if file.format is Format.JSON_LIST else []
    line, size = 1 + len(parts), sum(map(len, parts))
    records = []
    for number, (text, record) in enumerate(elements):
        written = text + (between if number < len(elements) - 1 else "") + end
        size += len(written.encode())
        records.append(Record(line, record.cells, record.standing, text, size))
        line += written.count("\n")
        parts.append(written)
    if file.format is Format.JSON_LIST:
        parts.append("]" + end)
    return "".join(parts), Written(b"", tuple(records), _duty(file))


def _elements(file: File) -> Sequence[tuple[str, Record]]:
    odd: dict[int, list[Oddity]] = {}
    for item in file.odd:
        odd.setdefault(item.row, []).append(item.oddity)
    found = []
    for row in range(file.rows + 1):
        found += [_odd(file, oddity, row) for oddity in odd.get(row, ())]
        if row < file.rows:
            cells = cells_of(file, row)
            found.append((_object(file, cells, row), Record(0, cells)))
    return found


def _object(file: File, cells: Sequence[Cell], row: int) -> str:
    pairs = [
        f"{_string(column.name, file)}: {_value(cell, file)}"
        for column, cell in zip(file.columns, cells, strict=True)
        if not (file.json.leave_out and cell.nature is Nature.NONE)
    ]
    if file.json.turned and row % 2:
        pairs.reverse()
    if file.format is Format.JSON_DOCUMENTS:
        end = file.json.line_end
        return "{" + end + f",{end}".join(f"  {pair}" for pair in pairs) + end + "}"
    return "{" + ", ".join(pairs) + "}"


def _value(cell: Cell, file: File) -> str:
    match cell.nature:
        case Nature.NONE:
            return "null"
        case Nature.STRING:
            return _string(cell.text, file)
        case _:
            return cell.text


def _string(text: str, file: File) -> str:
    return json.dumps(text, ensure_ascii=file.json.ascii_only)


def _odd(file: File, oddity: Oddity, row: int) -> tuple[str, Record]:
    nothing = tuple(Cell(Nature.NONE, "") for _ in file.columns)
    name = _string(file.columns[0].name, file)
    texts = {
        Oddity.BROKEN: f"{{{name} {row}}}",
        Oddity.PYTHON: f"{{'id': {row}}}",
        Oddity.LOG_LINE: f'2026-01-15 INFO {{"id": {row}}}',
        Oddity.KEY_TWICE: f"{{{name}: 1, {name}: 2}}",
        Oddity.NOT_A_NUMBER: f"{{{name}: NaN}}",
        Oddity.SCALAR: "null",
        Oddity.COMMENT: f"// made on day {row}",
        Oddity.LONG: f"{{{name}: {row}}}}}",
        Oddity.DEEP: f"{{{name}: {'[' * _DEPTH}{']' * _DEPTH}}}",
    }
    if oddity is Oddity.NO_KEYS:
        return "{}", Record(0, nothing, Standing.EITHER)
    if oddity is Oddity.DEEP:
        deep = Cell(Nature.NESTED, "[" * _DEPTH + "]" * _DEPTH)
        return texts[oddity], Record(0, (deep, *nothing[1:]), Standing.EITHER)
    return texts[oddity], Record(0, (), Standing.BAD)


def _duty(file: File) -> Duty:
    """Return what can be demanded: bad syntax ends a list or documents, but only one of lines."""
    if any(map(_is_doubtful, file.columns)):
        return Duty.HONEST
    if not file.odd:
        return Duty.FULL
    is_lines = file.format is Format.JSON_LINES
    # Nothing but objects may stand between documents.
    broken = any(item.oddity in (*_SYNTAX, Oddity.SCALAR) for item in file.odd)
    few = 20 * len(file.odd) <= file.rows and all(item.row for item in file.odd)
    deep = any(item.oddity is Oddity.DEEP for item in file.odd)
    return Duty.FULL if few and not deep and (is_lines or not broken) else Duty.HONEST


def _is_doubtful(column: Column) -> bool:
    """Whether a column may be put aside or refused: numbers that no type holds, or two shapes."""
    kinds = {part.kind for part in column.parts} - {Kind.BLANK}
    return bool(kinds & _UNHOLDABLE) or (Kind.NESTED in kinds and len(kinds) > 1)
