"""Measurements of the local cloud as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.cloud.measuring import CloudRun, Phase
from benchmarks.report import table

_CALLERS = {
    "command": "the command itself: queues, catalog, results",
    "function": "the trigger function",
    "job": "the job",
}


@dataclass(frozen=True, kw_only=True)
class Results:
    """All that was found."""

    date: str
    machine: Sequence[tuple[str, str]]
    load: float
    """Average number of processes that wanted a processor, in the minute before."""
    runs: Sequence[CloudRun]
    remark: str = ""


def as_markdown(results: Results) -> str:
    machine = [*results.machine, ("load before it began", f"{results.load:.1f}")]
    remark = f"\n\n**{results.remark}**" if results.remark else ""
    head = "# What an object and a table cost in the local cloud\n\nWritten by `make bench` on "
    method = "Times are of one round; calls are exact, and the same each time."
    sections = [
        f"{head}{results.date}. {method}\n\n{table(('machine', ''), machine, left=2)}{remark}",
        *(_section(run) for run in results.runs),
    ]
    return "\n\n".join(sections) + "\n"


def _section(run: CloudRun) -> str:
    case = run.case
    verdict = f"**wrong**: {'; '.join(run.wrong)}" if run.wrong else "all of them right"
    objects = table(
        ("phase", "seconds", f"first {case.step:,}", f"last {case.step:,}", "last ÷ first"),
        [_phase(phase) for phase in run.phases],
    )
    return (
        f"## {case.name.capitalize()}: {case.objects:,} objects of 1 KB, {run.tables:,} tables\n\n"
        f"{run.seconds:.0f} s from the first upload until the result is written and reported: "
        f"{case.objects / run.seconds:.0f} objects/s; {run.processor_seconds:.0f} s of "
        f"processors, the deployment included; {run.job_runs} runs of jobs; {verdict}.\n\n"
        f"{objects}\n\n{_calls(run)}"
    )


def _phase(phase: Phase) -> tuple[str, ...]:
    name, seconds = phase.name, f"{phase.seconds:.1f}"
    if not phase.first:
        return (name, seconds, "", "", "")
    ratio = f"{phase.last / phase.first:.2f}"
    return (name, seconds, f"{phase.first:.2f}", f"{phase.last:.2f}", ratio)


def _calls(run: CloudRun) -> str:
    """Return a table of the calls of AWS, each of which has a price and a time."""
    rows = list(_call_rows(run))
    total = sum(sum(kinds.values()) for kinds in run.calls.values())
    per_object = f"{total / run.case.objects:.2f}"
    per_table = f"{total / max(1, run.tables):.2f}"
    rows.append(("all", "", f"{total:,}", per_object, per_table))
    return table(("by", "call", "times", "per object", "per table"), rows, left=2)


def _call_rows(run: CloudRun) -> Iterator[tuple[str, ...]]:
    for caller, kinds in sorted(run.calls.items()):
        for kind, times in sorted(kinds.items(), key=lambda item: (-item[1], item[0])):
            per_object = f"{times / run.case.objects:.3f}"
            per_table = f"{times / max(1, run.tables):.3f}"
            yield _CALLERS.get(caller, caller), kind, f"{times:,}", per_object, per_table
