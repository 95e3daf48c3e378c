"""Tables as contracts declare them, with two commits: one of long ago, and one of this hour."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.manifest import DataFile
from pyiceberg.table import StagedTable, Table

from config.datasets import load_contracts
from config.naming import Names
from iceberg.commits import Change, Committer
from iceberg.field_ids import with_field_ids
from iceberg.files import data_file
from iceberg.tables import IcebergDatabase
from iceberg.types import Columns, columns_of, field_ids, schema_of
from quality_report.history import RUNS
from wires.contracts import DatasetContract
from wires.layout import BY_DAY, dataset_model, history_folder, quarantined_rows_folder, table_model
from wires.quarantine import ROWS_TABLE, QuarantinedRow

NOW = datetime.now(UTC)
YESTERDAY, LONG_AGO = NOW - timedelta(days=1), NOW - timedelta(days=3)
OLD_ROWS, NEW_ROWS = 3, 2
_LOAD_COLUMNS = [
    ("processed_at", "timestamp"),
    ("source_file", "string"),
    ("processing_job", "string"),
    ("load_id", "string"),
]
_DAYS = [(name, "string") for name in BY_DAY.columns]
_SQL_COLUMNS: Columns = [("country", "string"), ("orders", "bigint"), ("gross", "decimal(18,2)")]
_ARROW: Mapping[str, pa.DataType] = {
    "bigint": pa.int64(),
    "string": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "decimal(10,2)": pa.decimal128(10, 2),
    "decimal(18,2)": pa.decimal128(18, 2),
}
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
_JSON = "org.openx.data.jsonserde.JsonSerDe"


@dataclass(frozen=True)
class ReadersLake:
    """All tables that the shipped contracts declare, in the AWS of this process."""

    names: Names
    contracts: Sequence[DatasetContract]

    @classmethod
    def made(cls, names: Names) -> ReadersLake:
        lake = cls(names, load_contracts())
        for bucket in names.buckets:
            boto3.client("s3").create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": names.region}
            )
        for database in names.databases:
            boto3.client("glue").create_database(DatabaseInput={"Name": database})
        for contract in lake.contracts:
            lake._tables_of(contract)
        lake._quality()
        return lake

    def _tables_of(self, contract: DatasetContract) -> None:
        names = self.names
        declared = [
            (one.name, one.type.replace("timestamptz", "timestamp")) for one in contract.columns
        ]
        columns = [*(declared or [("order_id", "bigint")]), *_LOAD_COLUMNS, *_DAYS]
        self._table(names.processed_database, names.processed_bucket, contract.name, columns)
        if contract.latest:
            self._table(names.curated_database, names.curated_bucket, contract.latest, columns)
        for table in contract.curated:
            made = [*_SQL_COLUMNS, *(_DAYS if table.day else [])]
            self._table(names.curated_database, names.curated_bucket, table.table, made)

    def _table(
        self, database: str, bucket: str, name: str, columns: Columns, *, is_quiet: bool = False
    ) -> None:
        there = IcebergDatabase.of(boto3.client("glue"), database)
        has_days = columns[-1] == _DAYS[-1]

        def new() -> StagedTable:
            place = f"s3://{bucket}/{name}"
            staged = there.new(name, schema_of(columns), location=place, by_day=has_days)
            # No snapshot can be older than its table.
            before = {"last_updated_ms": int(LONG_AGO.timestamp() * 1000)}
            staged.metadata = staged.metadata.model_copy(update=before)
            return staged

        self._commit(there, name, "old", LONG_AGO, new)
        if not is_quiet:
            self._commit(there, name, "new", YESTERDAY, new)

    def _commit(
        self,
        there: IcebergDatabase,
        name: str,
        commit: str,
        day: datetime,
        new: Callable[[], StagedTable],
    ) -> None:
        at = LONG_AGO if commit == "old" else NOW
        rows = OLD_ROWS if commit == "old" else NEW_ROWS

        def change(table: Table) -> Change:
            return Change(added=[_file(table, commit, day, rows, committed=at)])

        committer = Committer(there.catalog, now=at.timestamp)
        committer.commit((there.name, name), commit, change, new)

    def quiet(self, name: str) -> None:
        """A dataset's table without rows since long ago, which upkeep has been to since."""
        names = self.names
        columns = [("order_id", "bigint"), *_LOAD_COLUMNS, *_DAYS]
        self._table(names.processed_database, names.processed_bucket, name, columns, is_quiet=True)
        there = IcebergDatabase.of(boto3.client("glue"), names.processed_database)

        def change(table: Table) -> Change:
            (standing,) = table.scan().plan_files()
            merged = _file(table, "merged", LONG_AGO, OLD_ROWS, committed=LONG_AGO)
            return Change(added=[merged], removed=[standing.file], same_rows=True)

        Committer(there.catalog).commit((there.name, name), "upkeep", change)

    def _quality(self) -> None:
        names, glue, s3 = self.names, boto3.client("glue"), boto3.client("s3")
        place = f"s3://{names.quality_bucket}/"
        models = [
            *(dataset_model(contract.name) for contract in self.contracts),
            *(table_model(table.table) for c in self.contracts for table in c.curated),
        ]
        runs = pa.Table.from_pylist(list(map(_run, models)), schema=RUNS)
        body = io.BytesIO()
        pq.write_table(runs, body)
        key = f"{history_folder('quality_runs')}a.parquet"
        s3.put_object(Bucket=names.quality_bucket, Key=key, Body=body.getvalue())
        kinds = {pa.int64(): "bigint", pa.int32(): "int", pa.float64(): "double"}
        columns = [
            (field.name, "timestamp" if field.name == "at" else kinds.get(field.type, "string"))
            for field in RUNS
        ]
        _folder(glue, names, "quality_runs", columns, f"{place}{history_folder('quality_runs')}")
        row_columns = [
            (name, "bigint" if name == "line" else "string")
            for name in QuarantinedRow.__dataclass_fields__
        ]
        _folder(glue, names, ROWS_TABLE, row_columns, f"{place}quarantine/rows/", keys=True)
        for dataset in ("orders", "shop_customers"):
            _quarantine(glue, s3, names, dataset, row_columns)


def _file(table: Table, name: str, day: datetime, rows: int, *, committed: datetime) -> DataFile:
    has_days = bool(table.spec().fields)
    values = BY_DAY.values(day) if has_days else ()
    schema = table.schema()
    plain = pa.schema([(name, _ARROW[kind]) for name, kind in columns_of(schema)])
    partition = dict(zip(BY_DAY.columns, values, strict=True)) if has_days else {}
    content = pa.Table.from_pylist(
        [{**_row(plain, number, name, committed), **partition} for number in range(rows)],
        schema=with_field_ids(plain, field_ids(schema)),
    )
    body = io.BytesIO()
    pq.write_table(content, body, compression="snappy")
    location = f"{table.location()}/{BY_DAY.folder(values)}{name}.parquet"
    bucket, key = location.removeprefix("s3://").split("/", 1)
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=body.getvalue())
    return data_file(
        location,
        pq.read_metadata(body),
        size=len(body.getvalue()),
        partition=values,
        schema=schema,
        spec_id=table.metadata.default_spec_id,
        properties=dict(table.properties),
    )


def _row(schema: pa.Schema, number: int, commit: str, committed: datetime) -> dict[str, Any]:
    values: dict[pa.DataType, Any] = {
        pa.int64(): number,
        pa.string(): f"{commit} {number}",
        pa.date32(): date(2026, 1, 1),
        pa.timestamp("us", "UTC"): committed,
    }
    return {field.name: values.get(field.type, Decimal("1.25")) for field in schema}


def _run(model: str) -> dict[str, Any]:
    numbers = {f.name: 0 for f in RUNS if f.type in (pa.int32(), pa.int64(), pa.float64())}
    words = {"kind": "table", "verdict": "passed", "code_version": "c", "run_id": "r"}
    return {**numbers, **words, "model": model, "refresh_id": "f", "at": NOW, "score": 99.5}


def _folder(
    glue: Any, names: Names, name: str, columns: Columns, location: str, *, keys: bool = False
) -> None:
    serde = _JSON if keys else _PARQUET
    glue.create_table(
        DatabaseName=names.quality_database,
        TableInput={
            "Name": name,
            "StorageDescriptor": _storage(columns, location, serde),
            "PartitionKeys": [
                {"Name": one, "Type": "string"}
                for one in (("dataset", *BY_DAY.columns, "load") if keys else ())
            ],
        },
    )


def _storage(columns: Columns, location: str, serde: str) -> dict[str, Any]:
    return {
        "Columns": [{"Name": name, "Type": kind} for name, kind in columns],
        "Location": location,
        "SerdeInfo": {"SerializationLibrary": serde},
    }


def _quarantine(glue: Any, s3: Any, names: Names, dataset: str, columns: Columns) -> None:
    values = BY_DAY.values(YESTERDAY)
    folder = quarantined_rows_folder(dataset, values, "load-1")
    rows = [_refused(dataset, line) for line in (4, 2)]
    s3.put_object(
        Bucket=names.quality_bucket, Key=f"{folder}a.jsonl", Body="\n".join(rows).encode()
    )
    glue.create_partition(
        DatabaseName=names.quality_database,
        TableName=ROWS_TABLE,
        PartitionInput={
            "Values": [dataset, *values, "load-1"],
            "StorageDescriptor": _storage(columns, f"s3://{names.quality_bucket}/{folder}", _JSON),
        },
    )


def _refused(dataset: str, line: int) -> str:
    return QuarantinedRow(
        source_file=f"{dataset}/a.csv",
        version_id="v",
        line=line,
        reason="2 fields, expected 6",
        raw="a,b",
        load_id="load-1",
        quarantined_at=NOW.isoformat(),
    ).to_json()
