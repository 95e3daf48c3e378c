"""Processing as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from benchmarks.layers.processing import CONTENDERS, LAYER, OURS, PHASES, SUBJECT
from benchmarks.layers.processing.zone_files import FIRST_DAYS, MOVED_CUSTOMERS
from benchmarks.layers.results import Found, Several
from benchmarks.report import table

_LIMITS = """\
- *plain Spark job*: all orders so far, a window for the latest version of each, a join, an
  aggregate, `overwrite` of all partitions. *this platform*: `Processing`, as the Glue job runs it,
  on an AWS in this very process (its answers take time from the same two cores, and its memory
  counts), then publication, approved without being judged: judging is the next section.
- What ours does and the other does not: every new row is accounted for as current, superseded or
  put aside, which is a pass of its own (`dataset/…` below); files are counted after they are
  written; each day becomes visible at once, in the catalog.
- Where `× ours` is less than 1, making everything anew was quicker than ours.
- What limits ours, by the times of Spark's queries in a run apart: most of the first account is
  looking up the keys of all rows among all rows, though every load is new. Of one more day,
  finding the days takes about a second; making 12 of 31 days then takes about as long as making
  all of them, because the rows of their keys are found by joining all orders with these keys:
  nothing says in which files a key is. So what an increment saves here is that days which nothing
  touched stay as they are, and no time.
- A change in a dimension touches every day that the changed rows were ever joined to: then all is
  made again, and finding that out comes on top."""


def processing_section(found: Found, *, rows: int) -> str:
    timing = table(_HEAD, _rows(found), left=2)
    return (
        f"## Processing: a daily table of {rows:,} orders\n\n{FIRST_DAYS} daily loads, each "
        "with 8 % changes of orders of the days before (1 % of them to another day), 2 % old "
        "versions that come late and 3 % late orders; joined with customers, added up by day, "
        f"country and channel. Then one more daily load; then {MOVED_CUSTOMERS} customers have "
        "moved to another country. All in one session."
        f"\n\n{timing}\n\n{_models(found)}\n\n{_LIMITS}"
    )


_HEAD = ("", "", "seconds (range)", "× ours", "partitions written", "peak memory", "the table")


def _rows(found: Found) -> Iterator[list[str]]:
    ours = found.of(LAYER, SUBJECT, OURS)
    for phase in PHASES:
        for contender, called in CONTENDERS.items():
            runs = found.of(LAYER, SUBJECT, contender)
            yield [
                phase,
                called,
                runs.spread(phase),
                runs.times_as_long_as(ours, phase),
                runs.told(partial(_partitions, phase)),
                runs.peak,
                runs.verdicts,
            ]


def _partitions(phase: str, told: dict[str, Any]) -> float:
    return float(told[phase]["partitions"])


def _models(found: Found) -> str:
    ours = found.of(LAYER, SUBJECT, OURS)
    rows = [
        [model, *(_model(ours, phase, model) for phase in PHASES)] for model in _model_names(ours)
    ]
    return f"Of ours, in seconds:\n\n{table(('', *PHASES), rows)}"


def _model_names(ours: Several) -> Sequence[str]:
    told = [run.told[phase]["models"] for run in ours.done for phase in PHASES]
    return list(dict.fromkeys(model for models in told for model in models))


def _model(ours: Several, phase: str, model: str) -> str:
    if not all(model in run.told[phase]["models"] for run in ours.done):
        return ""
    return ours.told(lambda told: float(told[phase]["models"][model]), "{:.2f}")
