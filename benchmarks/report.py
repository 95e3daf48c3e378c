"""Measurements as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.contenders import CONTENDERS, OURS
from benchmarks.datasets import Recipe, spell_megabytes
from benchmarks.measuring import Measurement
from benchmarks.plan import Settings, compared, core_counts, growing
from benchmarks.whole_run import WholeRun

_MIB = 1024**2


@dataclass(frozen=True, kw_only=True)
class Results:
    """All that a benchmark has found."""

    date: str
    settings: Settings
    machine: Sequence[tuple[str, str]]
    sizes: dict[str, tuple[int, int]]
    """Bytes and rows of each data set, by name."""
    measurements: Sequence[Measurement]
    whole_runs: Sequence[WholeRun]

    def of(self, recipe: Recipe, contender: str, cores: int) -> list[Measurement]:
        return [
            m
            for m in self.measurements
            if (m.dataset, m.contender, m.cores) == (recipe.name, contender, cores)
        ]


def as_markdown(results: Results) -> str:
    parts = [
        _introduction(results),
        *(_comparison(results, recipe) for recipe in compared(results.settings)),
        _by_size(results),
        _by_cores(results),
        _whole_runs(results),
        _method(results),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> str:
    """Return a Markdown table; columns after the first `left` are numbers."""
    lines = ["| " + " | ".join(head) + " |"]
    lines.append("|" + "---|" * left + "---:|" * (len(head) - left))
    lines += ["| " + " | ".join(_cell(text) for text in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _introduction(results: Results) -> str:
    settings = results.settings
    machine = table(("machine", ""), results.machine, left=2)
    return (
        f"# CSV to Parquet, side by side\n\nWritten by `make bench` on {results.date}; "
        f"{settings.rounds} round{'s' if settings.rounds > 1 else ''}, {settings.cores} cores "
        f"unless said otherwise. How it is measured is at the end.\n\n{machine}"
    )


def _comparison(results: Results, recipe: Recipe) -> str:
    size, rows = results.sizes[recipe.name]
    ours = _seconds(results.of(recipe, OURS, results.settings.cores))
    lines = [
        _compared_row(CONTENDERS[name], found, ours=ours, size=size, rows=rows)
        for name in results.settings.contenders
        if (found := results.of(recipe, name, results.settings.cores))
    ]
    head = ("", "seconds", "from–to", "× ours", "rows/s", "MB/s", "start-up s")
    timing = table((*head, "peak memory", "of it private", "output", "files"), lines)
    values = table(("", "values"), _values(results, recipe), left=2)
    return f"## {recipe.name[0].upper()}{recipe.name[1:]}\n\n{rows:,} rows.\n\n{timing}\n\n{values}"


def _compared_row(
    name: str, found: Sequence[Measurement], *, ours: float, size: int, rows: int
) -> list[str]:
    done = [m for m in found if not m.failure]
    if not done:
        return [name, "failed", *[""] * 9]
    seconds = _seconds(done)
    times = [m.seconds for m in done]
    return [
        name,
        f"{seconds:.2f}",
        f"{min(times):.2f}–{max(times):.2f}",
        f"{seconds / ours:.2f}" if ours else "",
        f"{rows / seconds:,.0f}",
        _rate(size / seconds),
        f"{_median(done, lambda m: m.startup_seconds):.1f}",
        _mebibytes(_median(done, lambda m: m.peak_resident)),
        _mebibytes(_median(done, lambda m: m.peak_private)),
        _mebibytes(_median(done, lambda m: m.output_bytes)),
        f"{_median(done, lambda m: m.output_files):.0f}",
    ]


def _values(results: Results, recipe: Recipe) -> Iterator[tuple[str, str]]:
    for name in results.settings.contenders:
        found = results.of(recipe, name, results.settings.cores)
        # More than one only if the rounds disagree, which is worth seeing.
        said = dict.fromkeys(_verdict(measurement) for measurement in found)
        if said:
            yield CONTENDERS[name], "; or: ".join(said)


def _verdict(measurement: Measurement) -> str:
    if measurement.failure:
        return f"**failed**: {measurement.failure}"
    if measurement.wrong:
        return f"**wrong**: {'; '.join((*measurement.wrong, *measurement.remarks))}"
    return "; ".join(("right", *measurement.remarks))


def _by_size(results: Results) -> str:
    rows = list(_size_rows(results))
    head = ("one file of", "seconds", "MB/s", "to linear", "from the size before", "peak memory")
    return f"## Our time against size\n\n{table(head, rows)}\n\n{_LINEAR}" if rows else ""


_LINEAR = (
    "To linear: the time over what it would be if it grew with the size, from the smallest "
    "file on, or from the size before. Less than 1 is better than linear, because the fixed "
    "part of a run is spread over more."
)


def _size_rows(results: Results) -> Iterator[list[str]]:
    first: tuple[float, int] | None = None
    before: tuple[float, int] | None = None
    for recipe in growing(results.settings):
        found = results.of(recipe, OURS, results.settings.cores)
        seconds, size = _seconds(found), results.sizes[recipe.name][0]
        if not seconds:
            continue
        here = (seconds, size)
        yield [
            spell_megabytes(recipe.megabytes),
            f"{seconds:.2f}",
            _rate(size / seconds),
            _to_linear(here, first),
            _to_linear(here, before),
            _mebibytes(_median(found, lambda m: m.peak_resident)),
        ]
        first, before = first or here, here


def _to_linear(here: tuple[float, int], reference: tuple[float, int] | None) -> str:
    if reference is None:
        return ""
    return f"{(here[0] / reference[0]) / (here[1] / reference[1]):.2f}"


def _by_cores(results: Results) -> str:
    recipe = Recipe(megabytes=results.settings.megabytes)
    times = {
        cores: seconds
        for cores in core_counts(results.settings)
        if (seconds := _seconds(results.of(recipe, OURS, cores)))
    }
    if len(times) < 2:
        return ""
    fewest = min(times)
    rows = [
        [
            str(cores),
            f"{seconds:.2f}",
            f"{times[fewest] / seconds:.2f}",
            f"{times[fewest] / seconds / (cores / fewest):.2f}",
        ]
        for cores, seconds in times.items()
    ]
    head = ("cores", "seconds", "times faster", "of linear")
    return f"## Our time against cores\n\n{recipe.name[0].upper()}{recipe.name[1:]}.\n\n" + table(
        head, rows
    )


def _whole_runs(results: Results) -> str:
    runs = {
        size: [r for r in results.whole_runs if r.megabytes == size]
        for size in dict.fromkeys(r.megabytes for r in results.whole_runs)
    }
    if not runs:
        return ""
    typical = {size: _typical(found) for size, found in runs.items()}
    phases = dict.fromkeys(name for run in typical.values() for name, _ in run.phases)
    rows = [
        ["rows published", *(f"{run.rows:,}" for run in typical.values())],
        ["**seconds in all**", *(_or_failure(run) for run in typical.values())],
        *([name, *(_phase(run, name) for run in typical.values())] for name in phases),
        ["of that the Spark job", *(f"{run.job_seconds:.1f}" for run in typical.values())],
    ]
    head = ("", *(f"{megabytes:g} MB" for megabytes in typical))
    return (
        "## The whole run as a user waits for it\n\n`python -m local_cloud run FILE --json` with "
        "one file, from the start of the command to its end. The run whose time is the median "
        f"of {max(map(len, runs.values()))}.\n\n{table(head, rows)}"
    )


def _typical(runs: Sequence[WholeRun]) -> WholeRun:
    """Return the run in the middle; a failed one if any failed."""
    ranked = sorted(runs, key=lambda run: (not run.failure, run.seconds))
    return ranked[0] if ranked[0].failure else ranked[len(ranked) // 2]


def _or_failure(run: WholeRun) -> str:
    return run.failure or f"**{run.seconds:.1f}**"


def _phase(run: WholeRun, name: str) -> str:
    return f"{dict(run.phases)[name]:.1f}" if name in dict(run.phases) else ""


def _method(results: Results) -> str:
    settings = results.settings
    return f"""\
## How it is measured

- `make bench` measures everything, `make bench QUICK=1` a small version in some minutes;
  `make bench BENCH="--rounds 5"` passes arguments on, `python -m benchmarks --help` lists them.
- Each measurement is a process of its own, which is held to the cores that are under test and
  gets as many threads. The contenders take turns within a round, and each round begins with
  another one. A number is the median of {settings.rounds}; the files have been read before.
- Seconds count from the moment at which imports and session are there until the output is
  written. Start-up is what comes before it: of this reader also that of Spark's workers in
  Python, which a job has started by the time it knows its files. `× ours` is how many times as
  long as this reader.
- Peak memory is the largest sum over the process and all its descendants, sampled ten times a
  second. Pages that two processes share count twice. Private is what is neither a mapped file
  nor shared.
- MB are 10⁶ bytes of CSV; memory and output are in MiB.
- *plain Spark job*: `header`, `inferSchema`, `multiLine` where fields have line ends in them,
  three metadata columns, a count before and a count after, Snappy Parquet. *DuckDB*: `COPY … TO`
  over `read_csv` as it finds out by itself, by name where the columns' order differs. *Polars*:
  `scan_csv` with `try_parse_dates` to `sink_parquet`. All three add the same metadata columns.
- The data are generated; the generator writes down for each column the rows, the nulls, the
  exact sum, the lowest and highest value, or for text its letters and a fingerprint of its
  bytes. Every output is read back after its measurement and added up the same way. *Wrong* is
  an output in which rows are missing or values are not those of the file, such as postal codes
  without their leading zeros. A type that says less than it could while the values are all
  there, such as a decimal kept as a double, is told but not called wrong."""


def _seconds(found: Sequence[Measurement]) -> float:
    """Return the median; 0 if there is none."""
    done = [m.seconds for m in found if not m.failure]
    return median(done) if done else 0


def _median(found: Sequence[Measurement], value: Callable[[Measurement], float]) -> float:
    return median(value(m) for m in found if not m.failure)


def _mebibytes(size: float) -> str:
    return f"{size / _MIB:,.0f} MiB"


def _rate(bytes_per_second: float) -> str:
    megabytes = bytes_per_second / 1e6
    return f"{megabytes:,.0f}" if megabytes >= 10 else f"{megabytes:.1f}"
