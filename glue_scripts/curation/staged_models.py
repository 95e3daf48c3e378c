"""Reads a model as it will be once its staged refresh is published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pyspark.sql import DataFrame, SparkSession

from curation.errors import ContractRefused, told
from curation.latest_merge import LatestTables
from curation.latest_rows import LatestRows
from curation.refresh import Refresh
from curation.tables import MadeTables
from curation.zone import LoadCountsByDataset, OpenedZone, ProcessedDataset, ProcessedZone
from lake.errors import LoadLost
from quality.errors import CannotJudge
from wires.contracts import DatasetContract


@dataclass(frozen=True, kw_only=True)
class StagedModels:
    """Reads refreshes that wait at the gate, together with what is published already."""

    spark: SparkSession
    zone: ProcessedZone
    tables: MadeTables
    """Tables of the curated zone."""
    contracts: Mapping[str, DatasetContract]

    def table(self, refresh: Refresh) -> DataFrame:
        """Return a curated table: its staged days, and the published rows of all other days."""
        kept = [] if refresh.whole else self.tables.locations(refresh.table, but=refresh.days)
        staged = [f"s3://{self.tables.bucket}/{file.key}" for file in refresh.files]
        locations = [*kept, *staged]
        spelled = ", ".join(f"`{name}` {kind}" for name, kind in refresh.columns)
        if not locations:
            return self.spark.createDataFrame([], spelled)
        return self.spark.read.schema(spelled).parquet(*locations)

    def row_count(self, refresh: Refresh) -> int:
        """Return the number of rows that checking the refresh reads, as counted by loads."""
        return sum(self._open(name).row_count_of(parts) for name, parts in refresh.seen.items())

    def counts_of(self, parts: Mapping[str, Iterable[str]]) -> LoadCountsByDataset:
        """Return rows and values that each load brought to these partitions of each dataset."""
        return {name: self._open(name).counts_of(own) for name, own in parts.items()}

    def dataset(self, name: str, refresh: Refresh) -> DataFrame:
        """Return the latest rows of a dataset, from exactly the loads that the refresh has seen."""
        opened = self._open(name).only(refresh.seen[name])
        if not refresh.table:
            return self._latest_rows(opened, name)
        rows = LatestTables(self.spark, self.tables).rows(opened, refresh)
        if rows is None:
            raise LoadLost(
                f"table {refresh.table} is no more what {refresh.model} was made for: the next "
                "run makes it anew"
            )
        return rows

    def references(self, *, but: str) -> Mapping[str, DataFrame]:
        """Return datasets that rules may compare with, by name; each is read on first use."""
        return _Lazily(self, [name for name in self.opened.contracts if name != but])

    def reference(self, name: str) -> DataFrame:
        return self._latest_rows(self._open(name), name)

    @cached_property
    def opened(self) -> OpenedZone:
        return self.zone.open_all(self.contracts)

    def _open(self, name: str) -> ProcessedDataset:
        if name in self.opened.failed:
            raise ContractRefused(f"dataset '{name}': {self.opened.failed[name]}")
        if name not in self.opened.datasets:
            raise ContractRefused(f"dataset '{name}' has no file yet, and declares no columns")
        return self.opened.datasets[name]

    def _latest_rows(self, dataset: ProcessedDataset, name: str) -> DataFrame:
        return LatestRows(dataset, self.opened.contracts[name]).rows()


class _Lazily(Mapping[str, DataFrame]):
    """Reads a dataset on access; an unreadable one affects only the rules that name it."""

    def __init__(self, models: StagedModels, names: list[str]) -> None:
        self._models = models
        self._names = names

    def __getitem__(self, name: str) -> DataFrame:
        if name not in self._names:
            raise KeyError(name)
        try:
            return self._models.reference(name)
        except Exception as error:
            raise CannotJudge(f"'{name}' cannot be read to compare with: {told(error)}") from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names
