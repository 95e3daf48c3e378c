"""`python -m benchmarks.cloud`: follow many objects, and many tables, through the local cloud."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.cloud.measuring import measure
from benchmarks.cloud.plan import CASES, QUICK, Case
from benchmarks.cloud.report import Results, as_markdown
from benchmarks.machine import describe_machine
from benchmarks.measuring import ROOT

_WORK = ROOT / "build" / "benchmarks"
_COMMITTED = ROOT / "benchmarks" / "cloud.md"


def main(arguments: Sequence[str]) -> None:
    given = _parser().parse_args(arguments)
    load = os.getloadavg()[0]
    results = Results(
        date=datetime.now(UTC).date().isoformat(),
        machine=describe_machine(),
        load=load,
        remark=given.remark,
        runs=[measure(case, work=_WORK / "work" / "cloud") for case in _cases(given)],
    )
    report = as_markdown(results)
    (_WORK / "cloud.json").write_text(json.dumps(asdict(results), indent=1))
    out = given.out or (_WORK / "cloud.md" if given.quick else _COMMITTED)
    out.write_text(report, encoding="utf-8")
    print(report)
    print(f"written to {out}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cloud", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few objects and tables")
    parser.add_argument("--objects", type=int, help="in 20 datasets; 0 leaves this case out")
    parser.add_argument("--tables", type=int, help="one object each; 0 leaves this case out")
    parser.add_argument("--remark", default="", help="on the circumstances, for the report")
    parser.add_argument("--out", type=Path, help="where the report goes")
    return parser


def _cases(given: argparse.Namespace) -> list[Case]:
    *objects, tables = QUICK if given.quick else CASES
    if given.objects is not None:
        objects = [replace(case, objects=given.objects) for case in objects]
    if given.tables is not None:
        tables = replace(tables, objects=given.tables, datasets=given.tables)
    return [case for case in (*objects, tables) if case.objects]


if __name__ == "__main__":
    main(sys.argv[1:])
