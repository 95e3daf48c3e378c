"""The processed zone as Spark reads it: what the catalog has registered, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql import types as t

from curation.column_names import by_column, column_meant, with_spellings
from curation.errors import ContractRefused
from curation.guarding import Failures
from lake.catalog import Catalog, Partition
from lake.contract_terms import declared_schema
from lake.schema import METADATA_TYPES, Schema
from lake.store import client
from wires.column_names import METADATA_COLUMNS, PARTITION_KEYS
from wires.contracts import DatasetContract
from wires.manifest import Manifest, manifest_key

# Columns beside those of the data, whose names have no such sign.
UPLOADED_AT = "#uploaded_at"
VERSION = "#version_id"
PART = "#part"
"""The file of a row; those of one object follow each other by name."""
POSITION = "#position"
"""Of a row in its file, from 0: as it was in the object."""
_READERS = 32
_FEW_LOADS = 1_000
"""Up to here their manifests are read sooner than Spark has found out which ones are needed."""
_ORIGINS = f"load_id string, source_file string, `{VERSION}` string, `{UPLOADED_AT}` timestamp"
_PLACE = t.StructType([t.StructField(PART, t.StringType()), t.StructField(POSITION, t.LongType())])


@dataclass(frozen=True)
class LoadCounts:
    """What a load has published of a dataset."""

    rows: int = 0
    values: int = 0
    """Those that are not null, over all columns that came with the data."""

    def __add__(self, other: LoadCounts) -> LoadCounts:
        return LoadCounts(self.rows + other.rows, self.values + other.values)


LoadCountsByDataset = Mapping[str, Mapping[str, LoadCounts]]
"""By load within each dataset."""


@dataclass(frozen=True, kw_only=True)
class ProcessedDataset:
    """One table of the processed zone, as it was when it was first looked at."""

    spark: SparkSession
    name: str
    schema: Schema
    partitions: tuple[Partition, ...]
    location: str
    """Of the table; all partitions are below it."""
    assets_bucket: str

    @property
    def loads(self) -> frozenset[str]:
        """Ids of the loads whose rows are there, in part or in full."""
        return frozenset(partition.values[3] for partition in self.partitions)

    @property
    def parts(self) -> frozenset[str]:
        """`2026/01/15/<load>` of every partition: a load's days appear one after the other, so
        it is by these that a reader knows what it has seen."""
        return frozenset(map(part_of, self.partitions))

    @property
    def columns(self) -> list[str]:
        """Those that came with the data."""
        return [column.name for column in self.schema.columns]

    def row_count_of(self, parts: Iterable[str]) -> int:
        """As loads have counted them when they published."""
        return sum(counts.rows for counts in self.counts_of(parts).values())

    def counts_of(self, parts: Iterable[str]) -> Mapping[str, LoadCounts]:
        """What each load has brought to these partitions, as it was counted when it published."""
        wanted = set(parts)
        found: defaultdict[str, LoadCounts] = defaultdict(LoadCounts)
        for partition in self.partitions:
            if part_of(partition) in wanted:
                counted = partition.parameters
                found[partition.values[3]] += LoadCounts(
                    int(counted["rows"]), int(counted["values"])
                )
        return found

    @cached_property
    def rows(self) -> DataFrame:
        """Data columns, metadata columns, `load` as partition column, which prunes, and where each
        row stands."""
        if not self.partitions:
            fields = [*self._spark_schema.fields, *_PLACE.fields]
            return self.spark.createDataFrame([], t.StructType(fields))
        read = (
            self.spark.read.schema(self._spark_schema)
            .option("basePath", self.location)
            .parquet(*(partition.location for partition in self.partitions))
        )
        return read.select(
            "*",
            f.col("_metadata.file_path").alias(PART),
            f.col("_metadata.row_index").alias(POSITION),
        )

    def rows_of(self, parts: Iterable[str]) -> DataFrame:
        """Rows of some partitions: Spark finds out at run time which others it need not read."""
        wanted = set(parts)
        listed = [(*p.values, int(part_of(p) in wanted)) for p in self.partitions]
        keys = ", ".join(f"{name} string" for name in PARTITION_KEYS)
        # Spark prunes by what is compared; a condition that is just a column would not do.
        chosen = self.spark.createDataFrame(listed, f"{keys}, wanted int").where("wanted = 1")
        return self.rows.join(f.broadcast(chosen), list(PARTITION_KEYS), "left_semi")

    def origins_of(self, rows: DataFrame) -> DataFrame:
        """When each object that rows came from was uploaded: small, and to be broadcast."""
        if len(self.loads) <= _FEW_LOADS:
            return self._all_origins
        return self._origins({row["load"] for row in rows.select("load").distinct().collect()})

    @cached_property
    def _all_origins(self) -> DataFrame:
        return self._origins(self.loads)

    def _origins(self, loads: Iterable[str]) -> DataFrame:
        wanted = sorted(loads)
        with ThreadPoolExecutor(_READERS) as pool:
            manifests = list(pool.map(self._manifest, wanted))
        # Rows say load and key; of two versions of a key in one load the later has to do.
        found = {
            (manifest.load_id, version.key): (version.version_id, version.uploaded_on)
            for manifest in manifests
            for version in sorted(manifest.objects, key=lambda version: version.uploaded_at)
        }
        rows = [(*place, *origin) for place, origin in found.items()]
        return f.broadcast(self.spark.createDataFrame(rows, _ORIGINS))

    @property
    def _spark_schema(self) -> t.StructType:
        data = [(column.name, column.type.glue) for column in self.schema.columns]
        metadata = [(name, METADATA_TYPES[name][1]) for name in METADATA_COLUMNS]
        keys = [(name, "string") for name in PARTITION_KEYS]
        spelled = ", ".join(f"`{name}` {kind}" for name, kind in (*data, *metadata, *keys))
        plain = cast("t.StructType", t.StructType.fromDDL(spelled))
        return with_spellings(plain, self.schema)

    def column(self, name: str) -> str:
        """The column that a contract means; a name that means none stays as it is."""
        return column_meant(name, self.schema)

    def _manifest(self, load_id: str) -> Manifest:
        answer = client("s3").get_object(Bucket=self.assets_bucket, Key=manifest_key(load_id))
        return Manifest.from_json(answer["Body"].read())


@dataclass(frozen=True, kw_only=True)
class ProcessedZone:
    """Opens datasets."""

    spark: SparkSession
    catalog: Catalog
    bucket: str
    assets_bucket: str

    def _open(self, contract: DatasetContract) -> ProcessedDataset | None:
        """A dataset of which nothing was published has no rows if its contract declares its
        columns, and cannot be read if not: then None."""
        if contract.refused:
            raise ContractRefused(contract.refused)
        schema = self.catalog.schema(contract.name)
        declared = declared_schema(contract)
        if schema is None and not declared.columns:
            return None
        return ProcessedDataset(
            spark=self.spark,
            name=contract.name,
            schema=schema or declared,
            partitions=tuple(self.catalog.partitions(contract.name)) if schema else (),
            location=f"s3://{self.bucket}/{contract.name}/",
            assets_bucket=self.assets_bucket,
        )

    def open_all(self, contracts: Mapping[str, DatasetContract]) -> OpenedZone:
        """Each by itself: one that cannot be opened keeps no other closed."""
        datasets: dict[str, ProcessedDataset] = {}
        failures = Failures()
        for name, contract in contracts.items():
            with failures.guard(name):
                opened = self._open(contract)
                datasets |= {name: opened} if opened else {}
        schemas = {name: dataset.schema for name, dataset in datasets.items()}
        return OpenedZone(
            datasets=datasets,
            contracts={name: by_column(one, schemas) for name, one in contracts.items()},
            failed=failures.reasons,
        )


@dataclass(frozen=True, kw_only=True)
class OpenedZone:
    """All datasets of a run, as they were when they were first looked at."""

    datasets: Mapping[str, ProcessedDataset]
    """Those that can be read."""
    contracts: Mapping[str, DatasetContract]
    """All, with the names of the tables' columns."""
    failed: Mapping[str, str]
    """Those that could not be opened, and why."""


def part_of(partition: Partition) -> str:
    return "/".join(partition.values)


def part() -> Column:
    """The partition that a row is of, spelled as `part_of` does."""
    return f.concat_ws("/", *PARTITION_KEYS)


def with_inferred(
    contracts: Mapping[str, DatasetContract], catalog: Catalog
) -> Mapping[str, DatasetContract]:
    """The contracts, and one that demands nothing for every other dataset that has a table."""
    others = sorted(set(catalog.dataset_tables()) - contracts.keys())
    return {**contracts, **{name: DatasetContract(name=name) for name in others}}
