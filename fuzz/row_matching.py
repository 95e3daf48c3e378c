"""Checks that each record is published or put aside once: finds rows again by their values."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fuzz.findings import Wrong
from fuzz.meaning import Value, is_right, likeness
from fuzz.seen import Aside, Rows
from fuzz.truth import Cell, Duty, Nature, Record, Standing, Written

_TOLD = 3
"""Most findings of one sort to report in one file."""
_SHOWN = 100

Told = tuple[Wrong, str]


@dataclass(frozen=True)
class _Pairing:
    """Columns of the file, by place, with the column of the table that has their values."""

    names: tuple[str, ...]
    places: tuple[tuple[int, str], ...]
    rows: Rows

    def differences(self, record: Record, row: int) -> list[str]:
        return [
            f"line {record.line}, {self.names[place]!r}: "
            f"{_shown(record.cells[place])} is {self.rows.columns[column][row]!r}"[: 3 * _SHOWN]
            for place, column in self.places
            if not self._is_right(record.cells[place], column, row)
        ]

    def is_row(self, record: Record, row: int) -> bool:
        return all(self._is_right(record.cells[place], c, row) for place, c in self.places)

    def of_record(self, record: Record) -> Hashable:
        return tuple(likeness(record.cells[place]) for place, _ in self.places)

    def of_row(self, row: int) -> Hashable:
        return tuple(likeness(self.rows.columns[column][row]) for _, column in self.places)

    def shown(self, row: int) -> str:
        return str([self.rows.columns[column][row] for _, column in self.places])[:_SHOWN]

    def _is_right(self, cell: Cell, column: str, row: int) -> bool:
        value: Value = self.rows.columns[column][row]
        return is_right(cell, value, in_text=column in self.rows.texts)


def compare_rows(
    sources: Sequence[str],
    written: Written,
    rows: Rows,
    columns: Mapping[str, str],
    asides: Sequence[Aside],
) -> Iterator[Told]:
    places = tuple((i, columns[name]) for i, name in enumerate(sources) if name in columns)
    pairing = _Pairing(tuple(sources), places, rows)
    quarantine_object, told = _quarantine(written, asides)
    yield from told
    expected = [
        r for r in written.records if r.cells and not (quarantine_object and r in quarantine_object)
    ]
    if len(expected) == rows.count and all(map(pairing.is_row, expected, range(rows.count))):
        return
    yield from _out_of_order(pairing, written, expected)


def _quarantine(written: Written, asides: Sequence[Aside]) -> tuple[set[Record], list[Told]]:
    """Return the records that are in quarantine, by line or text, and what is wrong with that."""
    if not asides:
        bad = [r for r in written.records if r.standing is Standing.BAD]
        return set(), [(Wrong.LOST, f"line {r.line}: {r.raw[:_SHOWN]!r}") for r in bad[:_TOLD]]
    lines = {record.line: record for record in written.records}
    texts = {record.raw: record for record in written.records}
    found: Counter[Record] = Counter()
    told: list[Told] = []
    for aside in asides:
        record = lines.get(aside.line or 0) or texts.get(aside.raw)
        if record is not None:
            found[record] += 1
        elif written.duty is Duty.FULL:
            told.append((Wrong.ASIDE, f"line {aside.line}: {aside.raw[:_SHOWN]!r}"))
    told += _misplaced(written, found)
    return set(found), told


def _misplaced(written: Written, found: Counter[Record]) -> list[Told]:
    told: list[Told] = []
    for record in written.records:
        place = f"line {record.line}: {record.raw[:_SHOWN]!r}"
        if record.standing is Standing.BAD and record not in found:
            told.append((Wrong.LOST, place))
        if written.duty is Duty.FULL and record in found:
            if record.standing is Standing.ROW:
                told.append((Wrong.NEEDLESS, place))
            if found[record] > 1:
                told.append((Wrong.DOUBLED, f"in quarantine, {place}"))
    return told[:_TOLD]


def _out_of_order(
    pairing: _Pairing, written: Written, expected: Sequence[Record]
) -> Iterator[Told]:
    """Find rows by likeness, in any order, and pair what both sides have left over."""
    waiting: defaultdict[Hashable, list[int]] = defaultdict(list)
    for row in reversed(range(pairing.rows.count)):
        waiting[pairing.of_row(row)].append(row)
    missing = []
    for record in expected:
        alike = waiting[pairing.of_record(record)]
        fitting = next((row for row in reversed(alike) if pairing.is_row(record, row)), None)
        if fitting is None:
            missing.append(record)
        else:
            alike.remove(fitting)
    known = {pairing.of_record(record) for record in written.records if record.cells}
    extra = sorted(row for rows in waiting.values() for row in rows)
    yield from _left_over(pairing, missing, extra, known, written.inventions)


def _left_over(
    pairing: _Pairing,
    missing: Sequence[Record],
    extra: Sequence[int],
    known: set[Hashable],
    inventions: int,
) -> Iterator[Told]:
    pairs = list(zip(missing, extra, strict=False))
    for record, row in pairs[:_TOLD]:
        yield Wrong.CHANGED, "; ".join(pairing.differences(record, row)[:_TOLD])
    if len(pairs) > _TOLD:
        yield Wrong.CHANGED, f"and {len(pairs) - _TOLD} rows more"
    for record in missing[len(pairs) :][:_TOLD]:
        yield Wrong.LOST, f"line {record.line}: {[_shown(c) for c in record.cells]}"[: 2 * _SHOWN]
    left = extra[len(pairs) + inventions :]
    for row in left[:_TOLD]:
        wrong = Wrong.DOUBLED if pairing.of_row(row) in known else Wrong.INVENTED
        yield wrong, f"row {row + 1}: {pairing.shown(row)}"


def _shown(cell: Cell) -> str:
    return "nothing" if cell.nature is Nature.NONE else f"{cell.text[:_SHOWN]!r}"
