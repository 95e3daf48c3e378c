"""Measurements of the layers as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.layers.ingestion.report import ingestion_section
from benchmarks.layers.plan import Settings
from benchmarks.layers.processing.report import processing_section
from benchmarks.layers.quality.report import quality_section
from benchmarks.layers.results import Found
from benchmarks.layers.running import Run
from benchmarks.report import table


@dataclass(frozen=True, kw_only=True)
class Results:
    """All that was found."""

    date: str
    settings: Settings
    machine: Sequence[tuple[str, str]]
    load: float
    """Average number of processes that wanted a processor, in the minute before."""
    remark: str = ""
    """Circumstances that a reader should know of."""
    sizes: dict[str, int]
    """Bytes of each format's file."""
    rows: int
    """Records in each of these files."""
    order_rows: int
    """Rows in all loads that are processed."""
    runs: Sequence[Run] = field(default_factory=tuple)


def as_markdown(results: Results) -> str:
    found = Found(results.runs)
    sections = [
        _introduction(results),
        ingestion_section(found, sizes=results.sizes, rows=results.rows),
        processing_section(found, rows=results.order_rows),
        quality_section(found, rows=results.settings.quality_rows),
        _method(results.settings),
    ]
    return "\n\n".join(sections) + "\n"


def _introduction(results: Results) -> str:
    rounds = results.settings.rounds
    machine = [*results.machine, ("load before it began", f"{results.load:.1f}")]
    remark = f"\n\n**{results.remark}**" if results.remark else ""
    return (
        f"# The layers, side by side\n\nWritten by `make bench` on {results.date}; {rounds} "
        f"round{'s' if rounds > 1 else ''}, {results.settings.cores} cores. CSV by size, by files "
        "and beside other engines is in [results.md](results.md). How it is measured is at the "
        f"end.\n\n{table(('machine', ''), machine, left=2)}{remark}"
    )


def _method(settings: Settings) -> str:
    return f"""\
## How it is measured

- `make bench` and `make bench QUICK=1` measure this after the readers of CSV;
  `make bench LAYERS="--rounds 5"` passes arguments on, `python -m benchmarks.layers --help` lists
  them.
- Each run is a process of its own, held to {settings.cores} cores. Contenders take turns within a
  round, and each round begins with another one. A number is the median of {settings.rounds}, with
  the range behind it; the files have been read before. Both sides get the same Spark session:
  4 GiB for Java, 4 partitions after a shuffle.
- Seconds count from the moment at which imports, session, and for processing the small AWS, are
  there. `× ours` is how many times as long as this platform: the ratio of the medians, and behind
  it the range of the ratios within a round, where both were measured side by side.
- Peak memory is the largest sum over the process and all its descendants, sampled ten times a
  second; pages that two processes share count twice.
- Every output is read back after its measurement and compared with what the generator has noted:
  row counts and sums of each column, each row of the curated table, the verdict of each rule."""
