"""Checks whether a table is the one that the generator knows to be right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.checking import Verdict
from benchmarks.layers.processing import PHASES
from benchmarks.layers.processing.zone_files import ZoneFiles
from benchmarks.layers.task import Told

_KEYS = ("ordered_on", "country", "channel")


def keep(table: pa.Table, out: str, phase: str) -> None:
    """Keep the table of a phase for the judge, once the phase is over."""
    pq.write_table(table, Path(out, f"{phase}.parquet"))


def judged(out: Path, _: Told, *, files: ZoneFiles) -> Verdict:
    """Return the verdict on all phases together."""
    wrong = [
        f"{phase}: {fault}"
        for phase in PHASES
        for fault in faults(pq.read_table(out / f"{phase}.parquet"), files.expected(phase))
    ]
    return Verdict(wrong=tuple(wrong))


def faults(found: pa.Table, expected: pa.Table) -> Sequence[str]:
    """Return the differences between two tables; none for the same rows in any order."""
    missing = set(expected.column_names) - set(found.column_names)
    if missing:
        return [f"column {name} is missing" for name in sorted(missing)]
    if found.num_rows != expected.num_rows:
        return [f"{found.num_rows:,} rows instead of {expected.num_rows:,}"]
    return list(_differing(_ordered(found.select(expected.column_names)), _ordered(expected)))


def _ordered(table: pa.Table) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in _KEYS])


def _differing(found: pa.Table, expected: pa.Table) -> Iterator[str]:
    for field in expected.schema:
        theirs = found.column(field.name).cast(field.type)
        unequal = pc.sum(pc.not_equal(theirs, expected.column(field.name))).as_py()
        if unequal or theirs.null_count:
            yield f"{field.name} differs in {unequal or theirs.null_count:,} rows"
