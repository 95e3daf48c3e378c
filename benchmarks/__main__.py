"""`python -m benchmarks`: measure all contenders side by side and write the report."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.contenders import CONTENDERS
from benchmarks.datasets import Dataset, Recipe, prepare
from benchmarks.machine import describe_machine
from benchmarks.measuring import ROOT, Bench, Measurement, processors
from benchmarks.plan import QUICK, Settings, cases
from benchmarks.report import Results, as_markdown
from benchmarks.whole_run import WholeRun, measure_whole_run

_WORK = ROOT / "build" / "benchmarks"
_COMMITTED = ROOT / "benchmarks" / "results.md"
_BLOCK = 8 * 1024 * 1024


def main(arguments: Sequence[str]) -> None:
    given = _parser().parse_args(arguments)
    settings = _settings(given)
    _WORK.mkdir(parents=True, exist_ok=True)
    datasets = _prepared(settings)
    measurements = _measured(settings, datasets)
    results = Results(
        date=datetime.now(UTC).date().isoformat(),
        settings=settings,
        machine=describe_machine(),
        sizes={d.recipe.name: (d.size, d.truth.rows) for d in datasets.values()},
        measurements=measurements,
        whole_runs=[] if given.no_whole_run else _whole_runs(settings),
    )
    report = as_markdown(results)
    (_WORK / "results.json").write_text(json.dumps(asdict(results), indent=1))
    out = given.out or (_WORK / "results.md" if given.quick else _COMMITTED)
    out.write_text(report, encoding="utf-8")
    print(report)
    _say(f"written to {out}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, one round")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--megabytes", type=float, help="size of the files that all tools read")
    parser.add_argument("--large-megabytes", type=float, help="size of a larger one")
    parser.add_argument("--sizes", type=_numbers, help="megabytes, with commas between them")
    parser.add_argument("--files", type=int, help="how many small files")
    parser.add_argument("--file-kilobytes", type=float)
    parser.add_argument("--cores", type=int)
    parser.add_argument("--contenders", type=_names, help=", ".join(CONTENDERS))
    parser.add_argument("--whole-run-megabytes", type=_numbers)
    parser.add_argument("--timeout", type=float, help="seconds for one measurement")
    parser.add_argument("--no-whole-run", action="store_true", help="leave local_cloud out")
    parser.add_argument("--out", type=Path, help="where the report goes")
    return parser


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(number) for number in text.split(",") if number)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := set(names) - set(CONTENDERS):
        raise argparse.ArgumentTypeError(
            f"expected some of {', '.join(CONTENDERS)}, got {', '.join(sorted(unknown))}"
        )
    return names


def _settings(given: argparse.Namespace) -> Settings:
    base = QUICK if given.quick else Settings()
    chosen = {name: getattr(given, name, None) for name in asdict(base)}
    settings = replace(base, **{name: value for name, value in chosen.items() if value is not None})
    return replace(settings, cores=min(settings.cores, len(processors())))


def _prepared(settings: Settings) -> dict[Recipe, Dataset]:
    recipes = dict.fromkeys(case.recipe for case in cases(settings, round_number=0))
    datasets = {}
    for recipe in recipes:
        _say(f"data: {recipe.name}")
        datasets[recipe] = prepare(recipe, _WORK / "data")
    return datasets


def _measured(settings: Settings, datasets: dict[Recipe, Dataset]) -> list[Measurement]:
    bench = Bench(work=_WORK / "work", timeout=settings.timeout)
    measurements = []
    for round_number in range(settings.rounds):
        for case in cases(settings, round_number=round_number):
            dataset = datasets[case.recipe]
            _read_through(dataset)
            measurement = bench.measure(
                dataset, case.contender, cores=case.cores, round_number=round_number
            )
            measurements.append(measurement)
            _say(_line(measurement, rounds=settings.rounds))
    return measurements


def _read_through(dataset: Dataset) -> None:
    """Read the files once, so that the first contender does not pay for the disk."""
    for path in dataset.files:
        with path.open("rb", buffering=0) as file:
            while file.read(_BLOCK):
                pass


def _whole_runs(settings: Settings) -> list[WholeRun]:
    runs = []
    for round_number in range(settings.rounds):
        for megabytes in settings.whole_run_megabytes:
            dataset = prepare(Recipe(megabytes=megabytes), _WORK / "data")
            (file,) = dataset.files
            run = measure_whole_run(file, megabytes=megabytes, timeout=settings.timeout)
            runs.append(run)
            took = run.failure or f"{run.seconds:.1f} s"
            _say(f"round {round_number + 1}: the whole run with {megabytes:g} MB: {took}")
    return runs


def _line(measurement: Measurement, *, rounds: int) -> str:
    m = measurement
    outcome = m.failure or f"{m.seconds:.2f} s{', wrong' if m.wrong else ''}"
    return (
        f"round {m.round + 1} of {rounds}: {m.dataset}, {m.cores} cores: "
        f"{CONTENDERS[m.contender]}: {outcome}"
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    if not hasattr(os, "sched_setaffinity"):
        sys.exit("the benchmark holds processes to cores and reads /proc: it needs Linux")
    main(sys.argv[1:])
