"""Relations between datasets by the references that their contracts declare. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from wires.contracts import DatasetContract


@dataclass(frozen=True, kw_only=True)
class Step:
    """Rows of `source` and `target` are related if these columns are equal."""

    source: str
    columns: tuple[str, ...]
    target: str
    to: tuple[str, ...]


def ways(
    contracts: Mapping[str, DatasetContract], start: str, goal: str
) -> Iterator[tuple[Step, ...]]:
    """Yield every path between two datasets, along or against references.

    No path visits a dataset twice. Two references between the same datasets are two paths.
    """
    yield from _onwards(contracts, (), start, goal, {start})


def _onwards(
    contracts: Mapping[str, DatasetContract],
    gone: tuple[Step, ...],
    here: str,
    goal: str,
    seen: Set[str],
) -> Iterator[tuple[Step, ...]]:
    if here == goal:
        yield gone
        return
    for step in _steps(contracts.values()):
        if step.source == here and step.target in contracts and step.target not in seen:
            yield from _onwards(contracts, (*gone, step), step.target, goal, seen | {step.target})


def _steps(contracts: Iterable[DatasetContract]) -> Iterator[Step]:
    for contract in contracts:
        for reference in contract.references:
            there = Step(
                source=contract.name,
                columns=reference.columns,
                target=reference.dataset,
                to=reference.to,
            )
            yield there
            yield Step(source=there.target, columns=there.to, target=there.source, to=there.columns)
