"""`python -m benchmarks.layers`: measure the layers side by side and write the report."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.layers.contest import LAYERS, Contest
from benchmarks.layers.plan import QUICK, Settings
from benchmarks.layers.report import Results, as_markdown
from benchmarks.layers.running import Runner
from benchmarks.machine import describe_machine
from benchmarks.measuring import ROOT, processors

_WORK = ROOT / "build" / "benchmarks"
_COMMITTED = ROOT / "benchmarks" / "layers.md"


def main(arguments: Sequence[str]) -> None:
    given = _parser().parse_args(arguments)
    settings = _settings(given)
    _WORK.mkdir(parents=True, exist_ok=True)
    load = os.getloadavg()[0]
    contest = Contest.prepared(settings, _WORK / "data", only=given.layers)
    runner = Runner(work=_WORK / "work", cores=settings.cores, timeout=settings.timeout)
    results = Results(
        date=datetime.now(UTC).date().isoformat(),
        settings=settings,
        machine=describe_machine(),
        load=load,
        remark=given.remark,
        sizes=dict(contest.files.sizes),
        rows=contest.files.truth.rows,
        order_rows=contest.zone.rows,
        runs=contest.held(runner, rounds=settings.rounds, say=_say),
    )
    report = as_markdown(results)
    (_WORK / "layers.json").write_text(json.dumps(asdict(results), indent=1))
    out = given.out or (_WORK / "layers.md" if given.quick else _COMMITTED)
    out.write_text(report, encoding="utf-8")
    print(report)
    _say(f"written to {out}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.layers", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, one round")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--megabytes", type=float, help="of the records, as JSON Lines")
    parser.add_argument("--order-rows", type=int, help="in the first daily loads")
    parser.add_argument("--quality-rows", type=int)
    parser.add_argument("--cores", type=int)
    parser.add_argument("--layers", type=_names, default=LAYERS, help=", ".join(LAYERS))
    parser.add_argument("--timeout", type=float, help="seconds for one run")
    parser.add_argument("--remark", default="", help="on the circumstances, for the report")
    parser.add_argument("--out", type=Path, help="where the report goes")
    return parser


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := set(names) - set(LAYERS):
        raise argparse.ArgumentTypeError(
            f"expected some of {', '.join(LAYERS)}, got {', '.join(sorted(unknown))}"
        )
    return names


def _settings(given: argparse.Namespace) -> Settings:
    base = QUICK if given.quick else Settings()
    chosen = {name: getattr(given, name, None) for name in asdict(base)}
    settings = replace(base, **{name: value for name, value in chosen.items() if value is not None})
    return replace(settings, cores=min(settings.cores, len(processors())))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    if not hasattr(os, "sched_setaffinity"):
        sys.exit("the benchmark holds processes to cores and reads /proc: it needs Linux")
    main(sys.argv[1:])
