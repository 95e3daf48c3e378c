"""Quality as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.layers.quality import CONTENDERS, LAYER, OURS, PHASE, TABLE
from benchmarks.layers.quality.rules import CASES
from benchmarks.layers.results import Found
from benchmarks.report import table

_LIMITS = """\
- Passes are scans of the table in Spark's own plans, as they were run. Ours needs one for all that
  is a sum over rows, one for all that needs groups, one for all that needs joins, and one for each
  query in SQL. An action per rule reads only its own column, so its passes are cheaper than ours.
- The row count is a floor that nothing can reach: Spark answers it from the files' footers and
  reads no column.
- What limits ours: four passes are far from six times as quick as 25. In a run apart, of one
  pass each, the sums of 20 rules took half of the time, the groups a third (a primary key of as
  many values as rows has to be shuffled) and the join a tenth."""


def quality_section(found: Found, *, rows: int) -> str:
    head = ("", "seconds (range)", "× ours", "passes", "rows/s", "peak memory", "verdicts")
    failing = sum(not case.passes for case in CASES)
    return (
        f"## Quality: {len(CASES)} rules over {rows:,} rows\n\n13 columns of Parquet on disk; "
        f"{failing} of the rules fail, as they have to. `evaluate` alone, without the profile that "
        f"a report has.\n\n{table(head, _rows(found, rows))}\n\n{_LIMITS}\n\nThe rules:\n\n```\n"
        + ",\n".join(case.dqdl for case in CASES)
        + "\n```"
    )


def _rows(found: Found, rows: int) -> Iterator[list[str]]:
    ours = found.of(LAYER, TABLE, OURS)
    for contender, called in CONTENDERS.items():
        runs = found.of(LAYER, TABLE, contender)
        seconds = runs.seconds(PHASE)
        yield [
            called,
            runs.spread(PHASE),
            runs.times_as_long_as(ours, PHASE),
            runs.told(lambda told: float(told["scans"])),
            f"{rows / seconds:,.0f}" if seconds else "",
            runs.peak,
            runs.verdicts,
        ]
