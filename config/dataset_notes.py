"""Notes on valid contracts: names that their tables have to change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from wires.column_names import column_name_of
from wires.contracts import DatasetContract


def notes_on(contracts: Iterable[DatasetContract]) -> Iterator[str]:
    """Yield one line for each name that differs from its column's, with file and name."""
    for contract in contracts:
        file = f"datasets/{contract.name}.yaml"
        names = _columns_named(contract)
        yield from (f"{file}: {note}" for note in (*_changed(names), *_alike(names)))


def _columns_named(contract: DatasetContract) -> Sequence[str]:
    """Return each column name in the contract once."""
    return list(
        dict.fromkeys(
            (
                *(column.name for column in contract.columns),
                *contract.primary_key,
                *contract.latest_by,
                *(name for reference in contract.references for name in reference.columns),
                *(table.day for table in contract.curated if table.day),
            )
        )
    )


def _changed(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        called = column_name_of(name)
        if called != name:
            yield (
                f"'{name}' is the column {called} in the table; rules and SQL may name it either "
                f"way, as `{name}` or as {called}"
            )


def _alike(names: Sequence[str]) -> Iterator[str]:
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        alike[column_name_of(name)].append(name)
    for called, group in alike.items():
        if len(group) > 1:
            shown = " and ".join(f"'{name}'" for name in group)
            yield (
                f"{shown} would both be the column {called}: they are one where the files have "
                "one of them, and where they have both, each that is not spelled so has a hash "
                "behind it"
            )
