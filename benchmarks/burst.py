"""`python -m benchmarks.burst`: ten thousand objects at once, through queue, trigger and real runs.

Beside it stands a model of one run per file, which is what a trigger without batches does.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.cloud.plan import Case, Uploads, prepared
from benchmarks.machine import describe_machine
from benchmarks.measuring import ROOT
from benchmarks.report import table
from local_cloud.calls import Call
from local_cloud.functions.registry import Invocation
from local_cloud.platform import Platform, deployed
from operations.progress import Progress

RUNS_AT_ONCE = 3
"""As `runsAtOnce` in config/environments.yaml has it."""
_WORK = ROOT / "build" / "benchmarks"
_COMMITTED = ROOT / "benchmarks" / "burst.md"
_DATASETS = 20
_MANY = 10
"""Messages of an invocation that is not only about ticks and ended runs."""
_DPU_OF_A_RUN = 2
"""Two workers of type G.1X."""
_LEAST_BILLED = 60
"""Seconds that Glue bills of a run at the least: https://aws.amazon.com/glue/pricing/"""
_START_UP = 20
"""Seconds from StartJobRun until a script of Glue 6.0 begins: assumed, and favourable."""


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Seconds from upload until published."""

    p50: float
    p95: float
    most: float


@dataclass(frozen=True, kw_only=True)
class Burst:
    """What became of one burst."""

    objects: int
    seconds: float
    """From the first upload until everything had ended."""
    runs: tuple[float, ...]
    """Seconds of each run of the job."""
    latency: Latency
    invocations: tuple[Invocation, ...]
    """Those of the trigger that were given messages."""
    registering: float
    """Seconds until the last upload's event was taken in."""
    calls: Mapping[str, Mapping[str, int]]
    """By caller and kind."""
    write_units: float
    """Of DynamoDB, by object."""
    wrong: tuple[str, ...]

    @property
    def calls_per_object(self) -> float:
        """Calls of AWS by the trigger and the jobs."""
        return sum(sum(kinds.values()) for kinds in self.calls.values()) / self.objects


@dataclass(frozen=True, kw_only=True)
class OneRunPerFile:
    """A model: each upload starts a run of its own, as many side by side as may be."""

    seconds_of_run: float
    """Measured here: of a run of the same job with one file."""
    latency: Latency
    dpu_hours: float
    seconds: float


def measure(objects: int, *, work: Path, datasets: int = _DATASETS) -> tuple[Burst, float]:
    """Send a burst and wait for its end; return what became of it, and the seconds of a run with
    one file in the same cloud."""
    shutil.rmtree(work, ignore_errors=True)
    case = Case(name="burst", objects=objects, datasets=datasets)
    uploads = prepared(case, work / "in")
    with deployed("dev", progress=Progress(), runs_at_once=RUNS_AT_ONCE) as platform:
        alone = _one_file(platform, work)
        return _burst(platform, uploads, objects), alone


def _one_file(platform: Platform, work: Path) -> float:
    """Return the seconds of a run with one file, of which there are two: the first warms up."""
    for number in range(2):
        path = work / "in" / f"alone-{number}.csv"
        path.write_text(f"id,amount\n{number},1.5\n")
        platform.upload(f"alone/{number}.csv", path)
        platform.settle()
    return min(_seconds_of_runs(platform))


def _burst(platform: Platform, uploads: Uploads, objects: int) -> Burst:
    cloud = platform.cloud
    calls, invoked, ran = cloud.calls, len(cloud.invocations), len(_seconds_of_runs(platform))
    sent: dict[str, datetime] = {}
    began = time.monotonic()
    for key, path in uploads.files:
        sent[platform.upload(key, path)] = datetime.now(UTC)
    platform.settle()
    seconds = time.monotonic() - began
    entries = {
        item["version_id"]: item
        for item in platform.objects.all_objects()
        if item["version_id"] in sent
    }
    ended = [
        (datetime.fromisoformat(item["finished_at"]) - sent[version]).total_seconds()
        for version, item in entries.items()
        if item["status"] == "published"
    ]
    invocations = tuple(one for one in cloud.invocations[invoked:] if one.records)
    made = _by_caller(cloud.calls - calls)
    rows = sum(int(item.get("rows_published", 0)) for item in entries.values())
    wrong = []
    if len(ended) != objects:
        wrong.append(f"{len(ended)} of {objects} objects are published")
    if rows != uploads.rows or rows != _rows_in_tables(platform):
        wrong.append(f"{rows} rows by the ledger, {_rows_in_tables(platform)} by a reader")
    return Burst(
        objects=objects,
        seconds=seconds,
        runs=tuple(_seconds_of_runs(platform)[ran:]),
        latency=_latency(ended),
        invocations=invocations,
        registering=_last_taken_in(invocations, objects) - began,
        calls=made,
        write_units=_write_units(made, objects),
        wrong=tuple(wrong),
    )


def _last_taken_in(invocations: Sequence[Invocation], objects: int) -> float:
    """Return when as many messages had been taken in as there are objects.

    Among them are a few about runs and ticks, so that it is a little early.
    """
    taken = 0
    for one in invocations:
        taken += one.records
        if taken >= objects:
            return one.ended
    raise ValueError(f"expected {objects} messages at the least, the function was given {taken}")


def _rows_in_tables(platform: Platform) -> int:
    """Count the rows that readers of the catalog see, but for those of single files."""
    names = platform.names
    tables = [t.name for t in platform.catalog.tables(names.processed_database)]
    return sum(
        platform.reader.read(names.processed_database, name).num_rows
        for name in tables
        if name != "alone"
    )


def _seconds_of_runs(platform: Platform) -> list[float]:
    items = sorted(platform.runs.all_runs(), key=lambda item: str(item["started_at"]))
    return [float(item["seconds"]) for item in items]


def _latency(seconds: Sequence[float]) -> Latency:
    ordered = sorted(seconds) or [float("nan")]
    last = len(ordered) - 1
    return Latency(
        p50=ordered[round(0.5 * last)], p95=ordered[round(0.95 * last)], most=ordered[last]
    )


def _by_caller(calls: Counter[Call]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for call, count in calls.items():
        if call.caller:
            kinds = found.setdefault(call.caller, {})
            kinds[f"{call.service} {call.operation}"] = count
    return found


def _write_units(calls: Mapping[str, Mapping[str, int]], objects: int) -> float:
    """Return DynamoDB's write units per object: items of up to a kilobyte.

    Each object's item changes in two transactions, of which each counts twice; it comes into the
    index of what waits, and leaves it again.
    """
    plain = sum(
        kinds.get(f"dynamodb {operation}", 0)
        for kinds in calls.values()
        for operation in ("PutItem", "UpdateItem", "DeleteItem")
    )
    return plain / objects + 2 * 2 + 2


def model(objects: int, seconds_of_run: float) -> OneRunPerFile:
    """Return what one run per file would come to at the same load.

    Favourable to it: Glue refuses nothing, no upload waits for the one before it longer than it
    must, and commits to one table do not get into each other's way.
    """
    each = _START_UP + seconds_of_run
    ends = [(1 + number // RUNS_AT_ONCE) * each for number in range(objects)]
    billed = max(_LEAST_BILLED, seconds_of_run)
    return OneRunPerFile(
        seconds_of_run=seconds_of_run,
        latency=_latency(ends),
        dpu_hours=objects * billed * _DPU_OF_A_RUN / 3600,
        seconds=ends[-1],
    )


def as_markdown(
    burst: Burst, other: OneRunPerFile, *, date: str, machine: Sequence[tuple[str, str]]
) -> str:
    """Return the measurements beside the model."""
    billed = sum(max(_LEAST_BILLED, seconds) for seconds in burst.runs) * _DPU_OF_A_RUN / 3600
    ours, theirs = burst.latency, other.latency
    verdict = f"**wrong**: {'; '.join(burst.wrong)}" if burst.wrong else "all published once"
    per_invocation = [
        one.records / one.seconds for one in burst.invocations if one.records >= _MANY
    ]
    compared = [
        ("runs", f"{len(burst.runs)}", f"{burst.objects:,}"),
        ("seconds of a run, mean", f"{sum(burst.runs) / max(1, len(burst.runs)):.0f}",
         f"{other.seconds_of_run:.0f} + {_START_UP} to start"),
        ("upload to published, p50", f"{ours.p50:.0f} s", f"{theirs.p50:,.0f} s"),
        ("upload to published, p95", f"{ours.p95:.0f} s", f"{theirs.p95:,.0f} s"),
        ("upload to published, longest", f"{ours.most:.0f} s", f"{theirs.most:,.0f} s"),
        ("objects per second", f"{burst.objects / burst.seconds:.0f}",
         f"{burst.objects / other.seconds:.2f}"),
        ("billed DPU hours", f"{billed:.2f}", f"{other.dpu_hours:,.0f}"),
        ("times as much", "1", f"{other.dpu_hours / billed:,.0f}"),
    ]  # fmt: skip
    head = (
        f"# A burst of objects\n\nWritten by `make bench` on {date}: {burst.objects:,} CSV files "
        f"of 1 KB for {_DATASETS} tables, uploaded as fast as that goes, {RUNS_AT_ONCE} runs of "
        f"Spark at once on one machine. In the end: {verdict}."
    )
    assumptions = (
        "The model takes the seconds that a run of the same job with one file has here, and adds "
        f"{_START_UP} s for what Glue needs until a script begins (an assumption). It lets "
        f"{RUNS_AT_ONCE} runs go side by side, has Glue refuse nothing, and commits never wait for "
        f"each other. Glue bills {_LEAST_BILLED} s of a run at the least, for {_DPU_OF_A_RUN} DPU. "
        f"What was measured has no start-up of Glue in it: add {_START_UP} s to each latency."
    )
    trigger = (
        f"## The trigger\n\n{len(burst.invocations)} invocations with messages, one at a time; the "
        f"last event was taken in after {burst.registering:.0f} s. Objects per second of an "
        f"invocation: median {_latency(per_invocation).p50:.0f}, slowest "
        f"{min(per_invocation):.0f}, of those with {_MANY} messages at the least. "
        f"DynamoDB write units per object: {burst.write_units:.2f}."
    )
    calls = f"## Calls per object: {burst.calls_per_object:.2f}\n\n{_calls(burst)}"
    described = table(("machine", ""), list(machine), left=2)
    beside = table(("", "the platform, measured", "one run per file, model"), compared)
    return "\n\n".join((head, described, beside, assumptions, trigger, calls)) + "\n"


def _calls(burst: Burst) -> str:
    return table(("by", "call", "times", "per object"), list(_call_rows(burst)), left=2)


def _call_rows(burst: Burst) -> Iterator[tuple[str, ...]]:
    for caller, kinds in sorted(burst.calls.items()):
        for kind, times in sorted(kinds.items(), key=lambda item: (-item[1], item[0])):
            yield caller, kind, f"{times:,}", f"{times / burst.objects:.3f}"


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.burst", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="400 objects")
    parser.add_argument("--objects", type=int, help="how many")
    given = parser.parse_args(arguments)
    load = os.getloadavg()[0]
    objects = given.objects or (400 if given.quick else 10_000)
    burst, alone = measure(objects, work=_WORK / "work" / "burst")
    other = model(objects, alone)
    report = as_markdown(
        burst,
        other,
        date=datetime.now(UTC).date().isoformat(),
        machine=[*describe_machine(), ("load before it began", f"{load:.1f}")],
    )
    (_WORK / "burst.json").write_text(json.dumps(asdict(burst) | asdict(other), indent=1))
    out = _WORK / "burst.md" if given.quick else _COMMITTED
    out.write_text(report, encoding="utf-8")
    print(report)
    print(f"written to {out}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
