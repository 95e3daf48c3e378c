"""The tables as a group of readers sees them: what contracts leave of columns and rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from config.environments import Environment
from config.reader_filters import CellsFilter, cells_filters
from operations.errors import WrongUse
from operations.reading.catalog import Catalog, ListedTable
from wires.contracts import DatasetContract


def filters_of(
    group: str, environment: Environment, contracts: Sequence[DatasetContract]
) -> list[CellsFilter]:
    """Return the filters of a group. Raises WrongUse if the environment has no such group."""
    known = sorted(environment.settings.reading.groups)
    if group not in known:
        raise WrongUse(
            f"expected a group in reading.groups of {environment.name} "
            f"(config/environments.yaml), where there is {', '.join(known) or 'none'}; got {group}"
        )
    return [one for one in cells_filters(contracts, environment) if one.group == group]


class GroupCatalog(Catalog):
    """Tables that one group sees, each through its filter.

    A filter that its table cannot have shows nothing, as `operations access` takes it down then.
    """

    def __init__(self, filters: Sequence[CellsFilter], *, group: str, **of_catalog: Any) -> None:
        self._filters = {f"{one.database}.{one.table}": one for one in filters}
        self._group = group
        self._closed: dict[str, str] = {}
        super().__init__(**of_catalog)

    def _listed(self) -> Iterator[ListedTable]:
        for table in super()._listed():
            cells = self._filters.get(table.full_name)
            if cells is None:
                self._closed[table.full_name] = "no entry of `readers` in a contract names both"
            elif misfit := cells.misfit(table.all_columns):
                self._closed[table.full_name] = f"the contract {misfit}"
            else:
                yield replace(table, cells=cells)

    def _instead(self, name: str) -> str:
        closed = [one for one in self._closed if name in (one, one.rpartition(".")[2])]
        if not closed:
            return super()._instead(name)
        return "; ".join(
            f"{self._group} sees nothing of {one}: {self._closed[one]}" for one in closed
        )
