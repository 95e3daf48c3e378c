"""A unit as it is going to be, when what is staged is published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pyspark.sql import DataFrame, SparkSession

from curation.current import Current
from curation.errors import ContractRefused, told
from curation.latest import LatestRows
from curation.refresh import Refresh
from curation.tables import MadeTables
from curation.zone import LoadCountsByDataset, OpenedZone, ProcessedDataset, ProcessedZone
from lake.errors import LoadLost
from quality import CannotJudge
from wires.contracts import DatasetContract


@dataclass(frozen=True, kw_only=True)
class StagedUnits:
    """Reads what is waiting at the gate, beside what is published already."""

    spark: SparkSession
    zone: ProcessedZone
    tables: MadeTables
    """Of the curated zone."""
    contracts: Mapping[str, DatasetContract]

    def table(self, refresh: Refresh) -> DataFrame:
        """A curated table: the days that are staged, and of the others what readers see."""
        kept = [] if refresh.whole else self.tables.locations(refresh.table, but=refresh.days)
        staged = [f"s3://{self.tables.bucket}/{file.key}" for file in refresh.files]
        locations = [*kept, *staged]
        spelled = ", ".join(f"`{name}` {kind}" for name, kind in refresh.columns)
        if not locations:
            return self.spark.createDataFrame([], spelled)
        return self.spark.read.schema(spelled).parquet(*locations)

    def row_count(self, refresh: Refresh) -> int:
        """Of all that is read for the refresh's judgement, as loads have counted it."""
        return sum(self._open(name).row_count_of(parts) for name, parts in refresh.seen.items())

    def counts_of(self, parts: Mapping[str, Iterable[str]]) -> LoadCountsByDataset:
        """What each load has brought to these partitions of each dataset."""
        return {name: self._open(name).counts_of(own) for name, own in parts.items()}

    def dataset(self, name: str, refresh: Refresh) -> DataFrame:
        """Current rows of a dataset, of the loads that the refresh has seen and of no others."""
        opened = self._open(name).only(refresh.seen[name])
        if not refresh.table:
            return self._current(opened, name)
        rows = LatestRows(self.spark, self.tables).rows(opened, refresh)
        if rows is None:
            raise LoadLost(
                f"table {refresh.table} is not what {refresh.unit} was made for any more: the next "
                "run makes it anew"
            )
        return rows

    def references(self, *, but: str) -> Mapping[str, DataFrame]:
        """Datasets that rules may compare with, by name; each is read when a rule asks for it."""
        return _Lazily(self, [name for name in self.opened.contracts if name != but])

    def reference(self, name: str) -> DataFrame:
        return self._current(self._open(name), name)

    @cached_property
    def opened(self) -> OpenedZone:
        return self.zone.open_all(self.contracts)

    def _open(self, name: str) -> ProcessedDataset:
        if name in self.opened.failed:
            raise ContractRefused(f"dataset '{name}': {self.opened.failed[name]}")
        if name not in self.opened.datasets:
            raise ContractRefused(f"dataset '{name}' has no file yet, and declares no columns")
        return self.opened.datasets[name]

    def _current(self, dataset: ProcessedDataset, name: str) -> DataFrame:
        return Current(dataset, self.opened.contracts[name]).rows()


class _Lazily(Mapping[str, DataFrame]):
    """One that cannot be read costs the rules that name it, and says so there."""

    def __init__(self, units: StagedUnits, names: list[str]) -> None:
        self._units = units
        self._names = names

    def __getitem__(self, name: str) -> DataFrame:
        if name not in self._names:
            raise KeyError(name)
        try:
            return self._units.reference(name)
        except Exception as error:
            raise CannotJudge(f"'{name}' cannot be read to compare with: {told(error)}") from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names
