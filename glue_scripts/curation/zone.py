"""The processed zone as Spark reads it: the files of tables' snapshots, and nothing else."""

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
from lake.contract_terms import declared_schema
from lake.loads_in_files import LoadCounts
from lake.schema import METADATA_TYPES, Schema
from lake.store import client
from lake.tables import LoadedFile, ProcessedTables
from wires.column_names import METADATA_COLUMNS
from wires.contracts import DatasetContract
from wires.layout import BY_DAY, manifest_key
from wires.manifest import Manifest

# Columns beside those of the data, whose names have no such sign.
UPLOADED_AT = "#uploaded_at"
SEQUENCER = "#sequencer"
"""Of uploads in the same second, the greater is the later."""
VERSION = "#version_id"
PART = "#part"
"""The file of a row; those of one object follow each other by name."""
POSITION = "#position"
"""Of a row in its file, from 0: as it was in the object."""
_PART_COLUMNS = (*BY_DAY.columns, "load_id")
_READERS = 32
_FEW_LOADS = 1_000
"""Up to here their manifests are read sooner than Spark has found out which ones are needed."""
_ORIGINS = (
    f"load_id string, source_file string, `{VERSION}` string, `{UPLOADED_AT}` timestamp, "
    f"`{SEQUENCER}` string"
)
_PLACE = t.StructType([t.StructField(PART, t.StringType()), t.StructField(POSITION, t.LongType())])


LoadCountsByDataset = Mapping[str, Mapping[str, LoadCounts]]
"""By load within each dataset."""


@dataclass(frozen=True, kw_only=True)
class ProcessedDataset:
    """One table of the processed zone, as it was when it was first looked at."""

    spark: SparkSession
    name: str
    schema: Schema
    files: tuple[LoadedFile, ...]
    parts: frozenset[str]
    """`2026/01/15/<load>` of what has been loaded: it is by these that a reader knows what it has
    seen. Rows of others, beside which they may stand in a file, do not count."""
    assets_bucket: str

    @property
    def columns(self) -> list[str]:
        """Those that came with the data."""
        return [column.name for column in self.schema.columns]

    def only(self, parts: Iterable[str]) -> ProcessedDataset:
        """With some of its loads alone."""
        chosen = self.parts.intersection(parts)
        files = tuple(file for file in self.files if not chosen.isdisjoint(file.parts))
        return replace(self, files=files, parts=chosen)

    def row_count_of(self, parts: Iterable[str]) -> int:
        """As loads have counted them when they published."""
        return sum(counts.rows for counts in self.counts_of(parts).values())

    def counts_of(self, parts: Iterable[str]) -> Mapping[str, LoadCounts]:
        """What each load has brought to these partitions, as it was counted when it published."""
        wanted = self.parts.intersection(parts)
        found: defaultdict[str, LoadCounts] = defaultdict(LoadCounts)
        for file in self.files:
            for load, counts in file.loads.items():
                if "/".join((*file.partition, load)) in wanted:
                    found[load] += counts
        return found

    @cached_property
    def rows(self) -> DataFrame:
        """Data columns, metadata columns, the day, and where each row stands."""
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
        """Of some of its loads."""
        return self.only(parts).rows

    def origins_of(self, rows: DataFrame) -> DataFrame:
        """When each object that rows came from was uploaded: small, and to be broadcast."""
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
        # Rows say load and key; of two versions of a key in one load the later has to do.
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
        """The column that a contract means; a name that means none stays as it is."""
        return column_meant(name, self.schema)

    def _manifest(self, load_id: str) -> Manifest:
        answer = client("s3").get_object(Bucket=self.assets_bucket, Key=manifest_key(load_id))
        return Manifest.from_json(answer["Body"].read())


@dataclass(frozen=True, kw_only=True)
class ProcessedZone:
    """Opens datasets."""

    spark: SparkSession
    tables: ProcessedTables
    assets_bucket: str

    def _open(self, contract: DatasetContract) -> ProcessedDataset | None:
        """A dataset of which nothing was published has no rows if its contract declares its
        columns, and cannot be read if not: then None."""
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


def part() -> Column:
    """Day and load that a row is of, spelled as in a dataset's `parts`."""
    return f.concat_ws("/", *_PART_COLUMNS)


def with_inferred(
    contracts: Mapping[str, DatasetContract], tables: ProcessedTables
) -> Mapping[str, DatasetContract]:
    """The contracts, and one that demands nothing for every other dataset that has a table."""
    others = sorted(set(tables.names()) - contracts.keys())
    return {**contracts, **{name: DatasetContract(name=name) for name in others}}
