"""What the generator says about a file is what Python's csv module finds in it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from benchmarks.columns import COLUMNS, Column, Kind, Tally
from benchmarks.datasets import Dataset, Recipe, prepare

ONE_FILE = Recipe(megabytes=0.05)
QUOTED = Recipe(megabytes=0.3, quoted=True)
REORDERED = Recipe(megabytes=0.02, files=4, reordered=True)


def records(dataset: Dataset) -> Iterator[dict[str, str]]:
    for path in dataset.files:
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def number(text: str, column: Column) -> int:
    """A value in the smallest unit of its kind."""
    match column.kind:
        case Kind.DATE:
            return (date.fromisoformat(text) - date(1970, 1, 1)).days
        case Kind.TIMESTAMP:
            moment = datetime.fromisoformat(text.rstrip("Z")).replace(tzinfo=UTC)
            since = moment - datetime(1970, 1, 1, tzinfo=UTC)
            return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        case Kind.BOOLEAN:
            return ["false", "true"].index(text)
        case _:
            return int(Decimal(text).scaleb(column.scale))


def tallied(texts: list[str], column: Column) -> Tally:
    present = [text for text in texts if text]
    if column.kind is Kind.TEXT:
        places = ((i * b) for text in present for i, b in enumerate(text.encode(), start=1))
        return Tally(
            rows=len(texts),
            nulls=len(texts) - len(present),
            total=sum(map(len, present)),
            fingerprint=sum(places) % 2**64,
        )
    numbers = [number(text, column) for text in present]
    return Tally(
        rows=len(texts),
        nulls=len(texts) - len(present),
        total=sum(numbers),
        low=min(numbers),
        high=max(numbers),
    )


@pytest.mark.parametrize("recipe", [ONE_FILE, QUOTED, REORDERED], ids=lambda r: r.folder)
def test_the_truth_is_what_the_files_say(recipe: Recipe, tmp_path: Path) -> None:
    dataset = prepare(recipe, tmp_path)
    found = list(records(dataset))
    assert len(found) == dataset.truth.rows
    for name, column in COLUMNS.items():
        texts = [record[name] for record in found]
        assert tallied(texts, column) == dataset.truth.columns[name], name


def test_every_other_small_file_has_its_columns_in_the_opposite_order(tmp_path: Path) -> None:
    dataset = prepare(REORDERED, tmp_path)
    heads = [path.read_text(encoding="utf-8").splitlines()[0] for path in dataset.files]
    there, back = ",".join(COLUMNS), ",".join(reversed(COLUMNS))
    assert heads == [there, back, there, back]


def test_a_fifth_of_the_quoted_rows_holds_line_ends_and_some_of_them_quotes(tmp_path: Path) -> None:
    notes = [record["note"] for record in records(prepare(QUOTED, tmp_path))]
    assert 0.1 < sum("\n" in note for note in notes) / len(notes) < 0.3
    assert any('"' in note for note in notes)


def test_postal_codes_have_leading_zeros(tmp_path: Path) -> None:
    codes = [record["postal_code"] for record in records(prepare(ONE_FILE, tmp_path))]
    assert any(code.startswith("0") for code in codes)
    assert {len(code) for code in codes} == {5}


def test_the_same_recipe_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (prepare(QUOTED, tmp_path / name) for name in ("first", "second"))
    assert first.files[0].read_bytes() == second.files[0].read_bytes()
    assert first.truth == second.truth


def test_files_have_about_the_size_that_was_asked_for(tmp_path: Path) -> None:
    assert prepare(ONE_FILE, tmp_path).size == pytest.approx(50_000, rel=0.05)
    assert prepare(REORDERED, tmp_path).size == pytest.approx(20_000, rel=0.2)
