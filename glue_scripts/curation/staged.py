"""A unit as it is going to be, when what is staged is published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from pyspark.sql import DataFrame, SparkSession

from curation.catalog import CuratedCatalog
from curation.current import Current
from curation.refresh import Refresh
from curation.zone import ProcessedDataset, ProcessedZone, part_of
from wires.contracts import DatasetContract


@dataclass(frozen=True, kw_only=True)
class StagedUnits:
    """Reads what is waiting at the gate, beside what is published already."""

    spark: SparkSession
    zone: ProcessedZone
    catalog: CuratedCatalog
    bucket: str
    """Of the curated zone."""
    contracts: Mapping[str, DatasetContract]

    def table(self, refresh: Refresh) -> DataFrame:
        """A curated table: the days that are staged, and of the others what readers see."""
        staged = {day.day: day.prefix for day in refresh.days}
        kept = {} if refresh.whole else self.catalog.days(refresh.table)
        locations = [where for day, where in kept.items() if day not in staged]
        locations += [f"s3://{self.bucket}/{prefix}" for prefix in staged.values() if prefix]
        spelled = ", ".join(f"`{name}` {kind}" for name, kind in refresh.columns)
        if not locations:
            return self.spark.createDataFrame([], spelled)
        return self.spark.read.schema(spelled).parquet(*locations)

    def row_count(self, refresh: Refresh) -> int:
        """Of all that is read for the refresh's judgement, as loads have counted it."""
        return sum(self._opened[name].row_count_of(parts) for name, parts in refresh.seen.items())

    def dataset(self, name: str, refresh: Refresh) -> DataFrame:
        """Current rows of a dataset, of the loads that the refresh has seen and of no others."""
        opened = self._opened[name]
        seen = set(refresh.seen[name])
        partitions = tuple(p for p in opened.partitions if part_of(p) in seen)
        return self._current(replace(opened, partitions=partitions), name)

    def references(self, *, but: str) -> Mapping[str, DataFrame]:
        """Datasets that rules may compare with, by name; each is read when a rule asks for it."""
        return _Lazily(self, [name for name in self._opened if name != but])

    def reference(self, name: str) -> DataFrame:
        return self._current(self._opened[name], name)

    def _current(self, dataset: ProcessedDataset, name: str) -> DataFrame:
        return Current(dataset, self.contracts[name]).rows()

    @cached_property
    def _opened(self) -> Mapping[str, ProcessedDataset]:
        return self.zone.open_all(self.contracts.values())


class _Lazily(Mapping[str, DataFrame]):
    def __init__(self, units: StagedUnits, names: list[str]) -> None:
        self._units = units
        self._names = names

    def __getitem__(self, name: str) -> DataFrame:
        if name not in self._names:
            raise KeyError(name)
        return self._units.reference(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names
