"""`python -m benchmarks.heuristics`: the constants of the CSV reader, each held against others.

Half of the files are the fuzzer's, half are small tables whose values hold other delimiters, with
titles, bad records, and without headers. They are read with one constant changed at a time. A file
is right if its columns and all of its values are; a refusal costs somebody a contract, a wrong
reading costs data.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from random import Random
from types import ModuleType
from unittest.mock import patch

from benchmarks.measuring import ROOT
from benchmarks.report import table
from fuzz.making import make_case
from fuzz.programs import File, Format
from fuzz.truth import Duty, Nature, Standing, Written
from fuzz.writing import write
from lake.errors import InputRefused
from lake.reading.csv import candidate_readings, cell_kinds, dialect, header, layout, table_start
from lake.reading.encodings import detection
from lake.reading.formats import PieceReading, inspect_whole
from lake.reading.originals import Span
from wires.contracts import CsvDemands

_WORK = ROOT / "build" / "benchmarks"
_COMMITTED = Path(__file__).with_name("heuristics.md")
_SEED = "constants of the reader"
_MOST_ROWS = 1200
_MAX_RATIO = 50


@dataclass(frozen=True)
class Constant:
    """One number that somebody has chosen, and what else it could have been."""

    modules: Sequence[ModuleType]
    name: str
    others: Sequence[float]
    meaning: str

    @property
    def value(self) -> float:
        [value] = {getattr(module, self.name) for module in self.modules}
        return float(value)


CONSTANTS = (
    Constant([candidate_readings], "_SAMPLE_RECORDS", (100, 4000), "records that decide"),
    Constant([candidate_readings], "_TYPED_RECORDS", (10, 160), "of them, those that are typed"),
    Constant([candidate_readings], "_TITLE_SCORE", (0.7, 1.0), "a reading with a title above"),
    Constant([candidate_readings], "_NO_HEADER_SCORE", (0.3, 0.8), "a reading without a header"),
    Constant([candidate_readings], "_LEAST", (0.1, 0.6), "left of a reading without types"),
    Constant([candidate_readings], "_MOSTLY", (0.5, 0.8), "share of values that make a column's"),
    Constant([cell_kinds], "_CROWDED_WEIGHT", (0.05, 0.6), "a value with a separator inside"),
    Constant([dialect], "_CLEARER", (0.01, 0.15), "by how much a reading has to be better"),
    Constant([dialect], "_FEW_ROWS", (1, 8), "rows of which less is demanded"),
    Constant([header], "_MOSTLY", (0.6, 0.95), "share of values that make a column typed"),
    Constant([header], "_FEW", (1, 4), "typed columns that are enough"),
    Constant([table_start], "_MOSTLY", (0.6, 0.95), "the same, where a table begins"),
    Constant([layout], "_TYPED_RECORDS", (100, 2000), "records from which types are presumed"),
    Constant([detection], "_SURE", (4.0, 10.0), "times likelier, as a logarithm"),
    Constant([detection], "_SURE_WITH_SECOND_OPINION", (3.0, 8.0), "the same, with another's word"),
    Constant([detection], "_TOLERATED", (0.0, 0.2), "share of words that may be damaged"),
)


class Content:
    """A file in memory, as the reader wants one."""

    is_remote = True

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.size = len(body)

    def read(self, start: int, end: int) -> bytes:
        return self._body[start:end]


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.heuristics", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="some files, not the committed report")
    parser.add_argument("--files", type=int, default=1600)
    given = parser.parse_args(arguments)
    files_of_each = 50 if given.quick else given.files // 2
    out = (_WORK / "heuristics.md") if given.quick else _COMMITTED
    _WORK.mkdir(parents=True, exist_ok=True)
    files = [*islice(fuzzed(), files_of_each), *islice(tricky(), files_of_each)]
    usual = verdicts(files)
    print(f"as it is: {_shown(usual)}", file=sys.stderr)
    rows = []
    for constant in CONSTANTS:
        found = [(value, _with(constant, value, files)) for value in constant.others]
        rows.append(
            [
                f"`{constant.modules[0].__name__.removeprefix('lake.reading.')}.{constant.name}`",
                constant.meaning,
                f"{constant.value:g}",
                *(f"{value:g}: {_difference(usual, one)}" for value, one in found),
            ]
        )
        print(" | ".join(rows[-1]), file=sys.stderr)
    out.write_text(as_markdown(len(files), usual, rows), encoding="utf-8")


def as_markdown(files: int, usual: Mapping[str, int], rows: Sequence[Sequence[str]]) -> str:
    head = ["constant", "what it is", "value", "lower", "higher"]
    return f"""# The constants of the CSV reader, each held against others

Written by `python -m benchmarks.heuristics` on {datetime.now(UTC).date().isoformat()}: {files:,}
files, half of them the fuzzer's (`docs/fuzzing.md`), half small tables whose values hold other
delimiters, with titles, bad records, and without headers. With the constants as they are,
{_shown(usual)}. For each other value: how many more or fewer are right, refused, wrong.

{table(head, rows, left=5)}

`0` means that these files do not tell. A handful of files more or less is chance; dozens are a
reason. How sure an encoding has to be is not decided here, where nearly all text is UTF-8, but by
the thirty encodings of `tests/glue_scripts/test_encodings.py`.
"""


@dataclass(frozen=True)
class Sample:
    """A file, and the rows that it holds."""

    body: bytes
    rows: Sequence[tuple[str | None, ...]]
    width: int
    headed: bool
    others: int
    """Records beside these that may be published or not."""


def fuzzed() -> Iterator[Sample]:
    """Yield CSV files of the fuzzer, without damage: also those that may be refused."""
    for number in count():
        for dataset in make_case(_SEED, number).datasets:
            for file in dataset.files:
                plain = file.format is Format.CSV and not (file.damage or file.compression)
                if not plain or file.rows > _MOST_ROWS or any(c.pad for c in file.columns):
                    continue
                written = write(file)
                if written.duty is not Duty.NONE:
                    yield _of_fuzzer(file, written)


def _of_fuzzer(file: File, written: Written) -> Sample:
    rows = [
        tuple(None if cell.nature is Nature.NONE else cell.text for cell in record.cells)
        for record in written.records
        if record.standing is Standing.ROW
    ]
    others = len(written.records) - len(rows) + written.inventions
    return Sample(written.body, rows, len(file.columns), file.csv.header, others)


_KINDS: Mapping[str, Callable[[Random], str]] = {
    "whole": lambda draw: str(draw.randint(0, 9999)),
    "decimal": lambda draw: f"{draw.randint(0, 99)}.{draw.randint(0, 99):02d}",
    "comma": lambda draw: f"{draw.randint(0, 99)},{draw.randint(0, 9)}",
    "day": lambda draw: f"2024-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}",
    "time": lambda draw: f"{draw.randint(0, 23):02d}:{draw.randint(0, 59):02d}",
    "url": lambda draw: f"https://example.com/{draw.randint(1, 99)}",
    "word": lambda draw: draw.choice(["Ada", "Ben", "Zoë", "lamp", "n/a"]),
    "words": lambda draw: draw.choice(["a small lamp", "Main Street 5", "yes, please", "not here"]),
    "tags": lambda draw: ";".join(draw.sample(["de", "en", "fr", "it"], draw.randint(1, 3))),
    "zip": lambda draw: f"0{draw.randint(1000, 9999)}",
}
_HELD = {",": {"comma", "words"}, ";": {"tags"}}
"""Kinds whose values hold a delimiter, unquoted."""


def tricky() -> Iterator[Sample]:
    """Yield small tables whose values hold other delimiters, with titles, bad records, and without
    headers."""
    for number in count():
        draw = Random(f"{_SEED}/{number}")  # noqa: S311 - chance, not secrets
        delimiter = draw.choice(",;\t|")
        kinds = draw.choices([k for k in _KINDS if k not in _HELD.get(delimiter, ())], k=2)
        rows = [
            (str(place), *(_KINDS[kind](draw) for kind in kinds))
            for place in range(draw.choice([2, 3, 5, 20, 60]))
        ]
        lines = [delimiter.join(row) for row in rows]
        headed = draw.random() < 0.8
        odd = draw.choice(["", "", "x", f"a{delimiter}b{delimiter}c{delimiter}d", "# 1, 2; 3"])
        lines.insert(draw.randint(1, len(lines)), odd)
        above = [delimiter.join(("id", "first name", "Price"))] if headed else []
        title = ["Report, 2025; draft"] if draw.random() < 0.2 else []
        body = "".join(f"{line}\n" for line in (*title, *above, *lines) if line)
        yield Sample(body.encode(), rows, 3, headed, others=2)


def verdicts(files: Sequence[Sample]) -> Counter[str]:
    return Counter(map(verdict, files))


def verdict(sample: Sample) -> str:
    """Say whether a file is `right`, `refused` or `wrong`."""
    content = Content(sample.body)
    try:
        found = inspect_whole(content, max_ratio=_MAX_RATIO, demands=CsvDemands())
    except InputRefused:
        return "refused"
    whole = Span(0, content.size)
    rows = [
        tuple(row.values())
        for chunk in PieceReading(content, found.layout, whole, _MAX_RATIO)
        for row in chunk.rows.to_pylist()
    ]
    named = found.layout.is_headed is sample.headed and len(found.layout.fields) == sample.width
    missing = Counter(sample.rows) - Counter(rows)
    is_right = named and not missing and len(rows) <= len(sample.rows) + sample.others
    return "right" if is_right else "wrong"


def _with(constant: Constant, value: float, files: Sequence[Sample]) -> Counter[str]:
    with _changed(constant, value):
        return verdicts(files)


@contextmanager
def _changed(constant: Constant, value: float) -> Iterator[None]:
    kind = type(getattr(constant.modules[0], constant.name))
    with ExitStack() as stack:
        for module in constant.modules:
            stack.enter_context(patch.object(module, constant.name, kind(value)))
        yield


def _shown(found: Mapping[str, int]) -> str:
    return ", ".join(f"{found.get(name, 0):,} are {name}" for name in ("right", "refused", "wrong"))


def _difference(usual: Mapping[str, int], found: Mapping[str, int]) -> str:
    changes = (
        (found.get(name, 0) - usual.get(name, 0), name) for name in ("right", "refused", "wrong")
    )
    return ", ".join(f"{change:+,} {name}" for change, name in changes if change) or "0"


if __name__ == "__main__":
    main(sys.argv[1:])
