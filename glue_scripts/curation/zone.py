"""Reads the processed zone with Spark: the files of the tables' snapshots, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql import types as t

from curation.column_names import by_column, column_meant, with_spellings
from curation.errors import ContractRefused
from curation.guarding import Failures
from lake.columns.schema import METADATA_TYPES, Schema
from lake.planning.contract_terms import declared_schema
from lake.publishing.loads_in_files import LoadCounts
from lake.publishing.processed_tables import LoadedFile, ProcessedTables
from lake.store import client
from wires.column_names import METADATA_COLUMNS
from wires.contracts import DatasetContract
from wires.layout import BY_DAY, manifest_key
from wires.manifest import Manifest
from wires.routes import CHECKS_PREFIX

# Columns added to those of the data, whose names never contain `#`.
UPLOADED_AT = "#uploaded_at"
SEQUENCER = "#sequencer"
"""Orders uploads in the same second: the greater value is the later upload."""
VERSION = "#version_id"
PART = "#part"
"""The file of a row; files of one object sort by name in the object's order."""
POSITION = "#position"
"""Position of a row in its file, from 0, in the order of its object."""
_PART_COLUMNS = (*BY_DAY.columns, "load_id")
_READERS = 32
_FEW_LOADS = 1_000
"""Up to this many loads, reading all manifests is faster than a query for the needed ones."""
_ORIGINS = (
    f"load_id string, source_file string, `{VERSION}` string, `{UPLOADED_AT}` timestamp, "
    f"`{SEQUENCER}` string"
)
_PLACE = t.StructType([t.StructField(PART, t.StringType()), t.StructField(POSITION, t.LongType())])


LoadCountsByDataset = Mapping[str, Mapping[str, LoadCounts]]
"""Counts by load within each dataset."""


@dataclass(frozen=True, kw_only=True)
class ProcessedDataset:
    """A table of the processed zone, as it was when it was first opened."""

    spark: SparkSession
    name: str
    schema: Schema
    files: tuple[LoadedFile, ...]
    parts: frozenset[str]
    """Loaded partitions, as `2026/01/15/<load>`, by which a reader knows what it has seen.

    A file may also hold rows of other partitions; these do not count.
    """
    assets_bucket: str

    @property
    def columns(self) -> list[str]:
        """Columns that came with the data."""
        return [column.name for column in self.schema.columns]

    def only(self, parts: Iterable[str]) -> ProcessedDataset:
        """Return the dataset with only some of its loads."""
        chosen = self.parts.intersection(parts)
        files = tuple(file for file in self.files if not chosen.isdisjoint(file.parts))
        return replace(self, files=files, parts=chosen)

    def row_count_of(self, parts: Iterable[str]) -> int:
        """Return the number of rows of partitions, as loads counted them when they published."""
        return sum(counts.rows for counts in self.counts_of(parts).values())

    def counts_of(self, parts: Iterable[str]) -> Mapping[str, LoadCounts]:
        """Return counts of each load in these partitions, as recorded when it published."""
        wanted = self.parts.intersection(parts)
        found: defaultdict[str, LoadCounts] = defaultdict(LoadCounts)
        for file in self.files:
            for load, counts in file.loads.items():
                if "/".join((*file.partition, load)) in wanted:
                    found[load] += counts
        return found

    @cached_property
    def rows(self) -> DataFrame:
        """Rows with data columns, metadata columns, the day, and file and position of each row."""
        if not self.files:
            fields = [*self._spark_schema.fields, *_PLACE.fields]
            return self.spark.createDataFrame([], t.StructType(fields))
        read = self.spark.read.schema(self._spark_schema).parquet(
            *(file.location for file in self.files)
        )
        placed = read.select(
            "*",
            f.col("_metadata.file_path").alias(PART),
            f.col("_metadata.row_index").alias(POSITION),
        )
        if all(file.parts <= self.parts for file in self.files):
            return placed
        chosen = [tuple(one.split("/")) for one in sorted(self.parts)]
        keys = ", ".join(f"{name} string" for name in _PART_COLUMNS)
        wanted = f.broadcast(self.spark.createDataFrame(chosen, keys))
        return placed.join(wanted, list(_PART_COLUMNS), "left_semi")

    def rows_of(self, parts: Iterable[str]) -> DataFrame:
        """Return the rows of some of its loads."""
        return self.only(parts).rows

    def origins_of(self, rows: DataFrame) -> DataFrame:
        """Return when each source object of the rows was uploaded: small enough to broadcast."""
        loads = {part.rpartition("/")[2] for part in self.parts}
        if len(loads) <= _FEW_LOADS:
            return self._all_origins
        needed = rows.select("load_id").distinct().collect()
        return self._origins({row["load_id"] for row in needed})

    @cached_property
    def _all_origins(self) -> DataFrame:
        return self._origins({part.rpartition("/")[2] for part in self.parts})

    def _origins(self, loads: Iterable[str]) -> DataFrame:
        wanted = sorted(loads)
        with ThreadPoolExecutor(_READERS) as pool:
            manifests = list(pool.map(self._manifest, wanted))
        # Rows name load and key only; if a load has two versions of a key, the later is taken.
        found = {
            (manifest.load_id, version.key): (
                version.version_id,
                version.uploaded_on,
                version.upload_order[1],
            )
            for manifest in manifests
            for version in sorted(manifest.objects, key=lambda version: version.upload_order)
        }
        rows = [(*place, *origin) for place, origin in found.items()]
        return f.broadcast(self.spark.createDataFrame(rows, _ORIGINS))

    @property
    def _spark_schema(self) -> t.StructType:
        data = [(column.name, column.type.glue) for column in self.schema.columns]
        metadata = [(name, METADATA_TYPES[name][1]) for name in METADATA_COLUMNS]
        day = [(name, "string") for name in BY_DAY.columns]
        spelled = ", ".join(f"`{name}` {kind}" for name, kind in (*data, *metadata, *day))
        plain = cast("t.StructType", t.StructType.fromDDL(spelled))
        return with_spellings(plain, self.schema)

    def column(self, name: str) -> str:
        """Return the column that a contract's name means, or the name itself if it means none."""
        return column_meant(name, self.schema)

    def _manifest(self, load_id: str) -> Manifest:
        answer = client("s3").get_object(Bucket=self.assets_bucket, Key=manifest_key(load_id))
        return Manifest.from_json(answer["Body"].read())


@dataclass(frozen=True, kw_only=True)
class ProcessedZone:
    """Opens datasets of the processed zone."""

    spark: SparkSession
    tables: ProcessedTables
    assets_bucket: str

    def _open(self, contract: DatasetContract) -> ProcessedDataset | None:
        """Open a dataset. Without a published table it has no rows and its declared columns.

        Returns None if there is no table and the contract declares no columns either.
        """
        if contract.refused:
            raise ContractRefused(contract.refused)
        table = self.tables.open(contract.name)
        declared = declared_schema(contract)
        if table is None and not declared.columns:
            return None
        files = table.files() if table else []
        return ProcessedDataset(
            spark=self.spark,
            name=contract.name,
            schema=table.schema if table else declared,
            files=tuple(files),
            parts=frozenset(part for file in files for part in file.parts),
            assets_bucket=self.assets_bucket,
        )

    def open_all(self, contracts: Mapping[str, DatasetContract]) -> OpenedZone:
        """Open each dataset by itself: one that fails does not affect the others."""
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
    """All datasets of a run, as they were when they were first opened."""

    datasets: Mapping[str, ProcessedDataset]
    """Datasets that can be read."""
    contracts: Mapping[str, DatasetContract]
    """All contracts, with the names of the tables' columns."""
    failed: Mapping[str, str]
    """Datasets that could not be opened, and why."""


def part() -> Column:
    """Return the column with day and load of a row, spelled as in a dataset's `parts`."""
    return f.concat_ws("/", *_PART_COLUMNS)


def with_inferred(
    contracts: Mapping[str, DatasetContract], tables: ProcessedTables
) -> Mapping[str, DatasetContract]:
    """Return the contracts, and an empty one for every other dataset that has a table.

    Those of health checks have none: they may be gone before they are read.
    """
    names = {name for name in tables.names() if not name.startswith(CHECKS_PREFIX)}
    others = sorted(names - contracts.keys())
    return {**contracts, **{name: DatasetContract(name=name) for name in others}}
