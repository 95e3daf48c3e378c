"""The table of a session as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.report import table
from faults.playing import Outcome

_HEADS = (
    "fault",
    "times",
    "objects",
    "rows in",
    "published once",
    "quarantined",
    "refused",
    "superseded",
    "lost",
    "doubled",
    "alerts",
    "right after the fault",
    "seconds until the end",
)


def as_markdown(
    outcomes: Sequence[Outcome], *, seed: str, date: str, machine: Sequence[tuple[str, str]]
) -> str:
    """Return machine, table, and what was wrong."""
    wrong = [f"- {one.fault} {one.turn}: {text}" for one in outcomes for text in one.wrong]
    rows = [_row(same) for same in _by_fault(outcomes)]
    points = [(one.fault, str(one.turn), "; ".join(one.notes)) for one in outcomes if one.notes]
    looks, snapshots = (sum(getattr(o, name) for o in outcomes) for name in ("looks", "snapshots"))
    verdict = "\n".join(wrong) or "Nothing was wrong."
    return "\n\n".join(
        (
            f"Seed {seed}, {date}.",
            table(("machine", ""), list(machine), left=2),
            table(_HEADS, rows, left=1),
            f"The reader looked {looks:,} times and saw {snapshots:,} snapshots.",
            verdict,
            table(("fault", "time", "where it struck, and what was done"), points, left=3),
        )
    )


def _by_fault(outcomes: Sequence[Outcome]) -> Iterator[list[Outcome]]:
    for name in dict.fromkeys(outcome.fault for outcome in outcomes):
        yield [outcome for outcome in outcomes if outcome.fault == name]


def _row(same: Sequence[Outcome]) -> tuple[str, ...]:
    """Return the sums of all playings of one fault."""

    def total(name: str) -> str:
        return f"{sum(getattr(one.sums, name) for one in same):,}"

    alerts = dict.fromkeys(
        f"{one.alerts.count(subject)} × {subject}" for one in same for subject in one.alerts
    )
    seconds = sorted(one.seconds for one in same)
    span = f"{seconds[0]:.0f}"
    if len(seconds) > 1:
        span += f" to {seconds[-1]:.0f}"
    counts = ("objects", "rows_in", "published", "quarantined", "refused", "superseded")
    return (
        same[0].fault,
        str(len(same)),
        *(total(name) for name in counts),
        total("lost"),
        total("doubled"),
        ", ".join(alerts) or "none",
        " / ".join(dict.fromkeys(one.after for one in same if one.after)) or "—",
        span,
    )
