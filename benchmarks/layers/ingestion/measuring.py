"""The cases of ingestion, and the check of their outputs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.checking import Verdict, check
from benchmarks.datasets import Truth
from benchmarks.layers.ingestion import CONTENDERS, LAYER
from benchmarks.layers.ingestion.files import FORMATS, Files
from benchmarks.layers.running import Case
from benchmarks.layers.task import Told


def cases(files: Files) -> Iterator[list[Case]]:
    """Yield one case per contender for each format."""
    for ending in FORMATS:
        yield [
            Case(
                layer=LAYER,
                subject=ending,
                contender=contender,
                data=files.path(ending),
                judge=partial(_judged, truth=files.truth),
            )
            for contender in CONTENDERS
        ]


def _judged(out: Path, told: Told, *, truth: Truth) -> Verdict:
    found = check(out, truth, files=1)
    aside = told.get("quarantined", 0)
    remarks = (f"{aside:,} rows in quarantine",) if aside else ()
    return Verdict(wrong=found.wrong, remarks=(*found.remarks, *remarks))
