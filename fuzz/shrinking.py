"""Shrinks a case that still goes wrong in the same way: greedy, one simplification at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from time import monotonic

from fuzz.kinds import Kind
from fuzz.programs import (
    Case,
    Column,
    ColumnarStyle,
    CsvStyle,
    Dataset,
    File,
    Format,
    JsonStyle,
    Oddity,
    Part,
)

Fails = Callable[[Case], bool]
"""Tells whether a case still goes wrong."""


def shrink(case: Case, fails: Fails, *, seconds: float, tries: int = 200) -> Case:
    """Return the smallest case found when none simpler fails, or time or tries are used up."""
    until = monotonic() + seconds
    best, again = case, True
    while again:
        again = False
        for simpler in simplifications(best):
            if monotonic() > until or tries <= 0:
                return best
            tries -= 1
            if fails(simpler):
                best, again = simpler, True
                break
    return best


def simplifications(case: Case) -> Iterator[Case]:
    """Yield simpler cases, the largest steps first."""
    for dataset in case.datasets:
        if len(case.datasets) > 1:
            yield Case(datasets=(dataset,))
    for dataset in case.datasets:
        if len(case.datasets) > 1:
            yield Case(datasets=tuple(d for d in case.datasets if d != dataset))
    for place, dataset in enumerate(case.datasets):
        for simpler in _of_dataset(dataset):
            datasets = (*case.datasets[:place], simpler, *case.datasets[place + 1 :])
            yield Case(datasets=datasets)


def _of_dataset(dataset: Dataset) -> Iterator[Dataset]:
    if len(dataset.files) > 1:
        for file in dataset.files:
            yield replace(dataset, files=tuple(f for f in dataset.files if f != file))
    for place, file in enumerate(dataset.files):
        for simpler in _of_file(file):
            files = (*dataset.files[:place], simpler, *dataset.files[place + 1 :])
            yield replace(dataset, files=files)


def _of_file(file: File) -> Iterator[File]:
    steps = chain(_fewer_rows(file), _fewer_columns(file), _plainer(file), _plainer_columns(file))
    return (step for step in steps if step != file)


def _fewer_rows(file: File) -> Iterator[File]:
    for rows in dict.fromkeys((2, file.rows // 4, file.rows // 2, file.rows * 9 // 10)):
        if 0 < rows < file.rows:
            odd = tuple(replace(item, row=min(item.row, rows)) for item in file.odd)
            yield replace(file, rows=rows, odd=odd)
    if 0 < file.rows <= 30:
        yield replace(file, rows=file.rows - 1)


def _fewer_columns(file: File) -> Iterator[File]:
    if len(file.columns) > 1:
        for column in file.columns:
            left = tuple(c for c in file.columns if c != column)
            # A short record must still have more than one field.
            if len(left) > 2 or all(item.oddity is not Oddity.SHORT for item in file.odd):
                yield replace(file, columns=left)


def _plainer(file: File) -> Iterator[File]:
    yield replace(file, damage=None)
    for item in file.odd:
        yield replace(file, odd=tuple(other for other in file.odd if other != item))
    yield replace(file, compression="")
    yield replace(file, encoding="utf-8")
    yield replace(file, csv=CsvStyle())
    yield replace(file, csv=CsvStyle(delimiter=file.csv.delimiter))
    yield replace(file, csv=CsvStyle(header=file.csv.header, titles=file.csv.titles))
    for name in ("quote_all", "open_end", "escape", "line_end", "titles", "quote", "delimiter"):
        yield replace(file, csv=replace(file.csv, **{name: getattr(CsvStyle(), name)}))
    yield replace(file, json=JsonStyle(), columnar=ColumnarStyle())
    yield replace(file, wave=0, by_day=True)


def _plainer_columns(file: File) -> Iterator[File]:
    for place, column in enumerate(file.columns):
        for simpler in _of_column(column, file.format):
            columns = (*file.columns[:place], simpler, *file.columns[place + 1 :])
            yield replace(file, columns=columns)


def _of_column(column: Column, form: Format) -> Iterator[Column]:
    if column.pad:
        yield replace(column, pad=0)
    if len(column.parts) > 1:
        for place in range(len(column.parts)):
            parts = (*column.parts[:place], *column.parts[place + 1 :])
            yield replace(column, parts=parts)
        first, *rest = column.parts
        if first.rows > 1:
            yield replace(column, parts=(replace(first, rows=1), *rest))
            yield replace(column, parts=(replace(first, rows=first.rows // 2), *rest))
    elif column.parts[0].kind is not Kind.WORD and not form.is_columnar:
        yield replace(column, parts=(Part(0, Kind.WORD),))
