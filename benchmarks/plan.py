"""The measurements and their order. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.contenders import CONTENDERS, OURS
from benchmarks.datasets import Recipe


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Sizes and rounds of the measurements. Sizes are in megabytes of 10**6 bytes."""

    rounds: int = 3
    megabytes: float = 1000
    """Size of the files that all contenders read, and of those that are read with fewer cores."""
    large_megabytes: float = 2000
    """Size of a larger file that all contenders read."""
    sizes: tuple[float, ...] = (250, 500, 1000, 2000, 4000)
    """Sizes of the files that show our time against size."""
    files: int = 2000
    file_kilobytes: float = 100
    cores: int = 2
    whole_run_megabytes: tuple[float, ...] = (0.01, 200)
    contenders: tuple[str, ...] = tuple(CONTENDERS)
    timeout: float = 1800


QUICK = Settings(
    rounds=1,
    megabytes=10,
    large_megabytes=20,
    sizes=(5, 10, 20),
    files=50,
    whole_run_megabytes=(0.01,),
    timeout=300,
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One contender on one data set."""

    recipe: Recipe
    contender: str
    cores: int


def compared(settings: Settings) -> list[Recipe]:
    """Return the data sets that all contenders read."""
    small = settings.files * settings.file_kilobytes / 1000
    plain = dict.fromkeys((settings.megabytes, settings.large_megabytes))
    return [
        *(Recipe(megabytes=megabytes) for megabytes in plain),
        Recipe(megabytes=settings.megabytes, quoted=True),
        Recipe(megabytes=small, files=settings.files),
        Recipe(megabytes=small, files=settings.files, reordered=True),
    ]


def growing(settings: Settings) -> list[Recipe]:
    """Return the data sets that show our time against size."""
    return [Recipe(megabytes=megabytes) for megabytes in sorted(settings.sizes)]


def core_counts(settings: Settings) -> range:
    return range(1, settings.cores + 1)


def cases(settings: Settings, *, round_number: int) -> Iterator[Case]:
    """Yield the cases of one round. Contenders take turns at being first; none runs twice."""
    seen: set[Case] = set()
    for case in _cases(settings, _turned(settings.contenders, round_number)):
        if case not in seen:
            seen.add(case)
            yield case


def _cases(settings: Settings, contenders: Sequence[str]) -> Iterator[Case]:
    for recipe in compared(settings):
        for contender in contenders:
            yield Case(recipe=recipe, contender=contender, cores=settings.cores)
    for recipe in growing(settings):
        yield Case(recipe=recipe, contender=OURS, cores=settings.cores)
    for cores in core_counts(settings):
        recipe = Recipe(megabytes=settings.megabytes)
        yield Case(recipe=recipe, contender=OURS, cores=cores)


def _turned(contenders: Sequence[str], by: int) -> list[str]:
    by %= len(contenders)
    return [*contenders[by:], *contenders[:by]]
