"""A small lake for tests: one table by days, files written as jobs write them, and its readers."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.manifest import DataFile, ManifestContent, write_manifest_list
from pyiceberg.schema import Schema
from pyiceberg.table import StagedTable, Table

from iceberg.commits import Change, Committer
from iceberg.field_ids import with_field_ids
from iceberg.files import data_file
from iceberg.manifests import live_manifests
from iceberg.tables import IcebergDatabase
from iceberg.types import Columns, columns_of, field_ids, schema_of
from lake.store import client
from tests.aws import CURATED
from wires.layout import BY_DAY

COLUMNS: Columns = [
    ("id", "bigint"),
    ("name", "string"),
    ("amount", "decimal(18,2)"),
    *((name, "string") for name in BY_DAY.columns),
]
ARROW: Mapping[str, pa.DataType] = {
    "bigint": pa.int64(),
    "string": pa.string(),
    "decimal(18,2)": pa.decimal128(18, 2),
    "decimal(38,2)": pa.decimal128(38, 2),
    "double": pa.float64(),
}
Row = Mapping[str, Any]


@dataclass(frozen=True)
class SmallLake:
    """One table of one database."""

    database: IcebergDatabase
    name: str = "orders"

    @classmethod
    def of(cls, glue: Any, database: str = CURATED) -> SmallLake:
        return cls(IcebergDatabase.of(glue, database))

    @property
    def identifier(self) -> tuple[str, str]:
        return (self.database.name, self.name)

    @property
    def location(self) -> str:
        return f"s3://{CURATED}/{self.name}"

    def made(self, columns: Columns = COLUMNS) -> Table:
        """The table, without rows."""

        def new() -> StagedTable:
            return self.database.new(
                self.name, schema_of(columns), location=self.location, bounds=("id",)
            )

        Committer(self.database.catalog).commit(self.identifier, "made", lambda _: Change(), new)
        return self.table

    @property
    def table(self) -> Table:
        found = self.database.table(self.name)
        assert found is not None
        return found

    def file(
        self, name: str, rows: Iterable[Row], *, day: str = "15", schema: Schema | None = None
    ) -> DataFile:
        """Write rows of one day of January 2026 and describe the file."""
        table = self.table
        columns = schema or table.schema()
        return written(
            table,
            f"{self.location}/year=2026/month=01/day={day}/{name}.parquet",
            rows,
            ("2026", "01", day),
            columns,
        )

    def append(
        self, commit_id: str, files: Sequence[DataFile], committer: Committer | None = None
    ) -> None:
        chosen = committer or Committer(self.database.catalog)
        chosen.commit(self.identifier, commit_id, lambda _: Change(added=files))

    def rows(self) -> list[tuple[Any, ...]]:
        """By PyIceberg's own reader."""
        return rows_of(self.table.scan().to_arrow())


def written(
    table: Table, location: str, rows: Iterable[Row], day: Sequence[str], schema: Schema
) -> DataFile:
    partition = dict(zip(BY_DAY.columns, day, strict=True))
    plain = pa.schema([(name, ARROW[kind]) for name, kind in columns_of(schema)])
    filled = [{name: {**row, **partition}.get(name) for name in plain.names} for row in rows]
    content = pa.Table.from_pylist(filled, schema=with_field_ids(plain, field_ids(schema)))
    body = io.BytesIO()
    pq.write_table(content, body, compression="snappy")
    bucket, key = location.removeprefix("s3://").split("/", 1)
    client("s3").put_object(Bucket=bucket, Key=key, Body=body.getvalue())
    return data_file(
        location,
        pq.read_metadata(body),
        size=len(body.getvalue()),
        partition=day,
        schema=schema,
        spec_id=table.metadata.default_spec_id,
        properties=dict(table.properties),
    )


def rows_of(content: pa.Table) -> list[tuple[Any, ...]]:
    names = [name for name in content.column_names if name not in BY_DAY.columns]
    return sorted((tuple(row[name] for name in names) for row in content.to_pylist()), key=repr)


def row(number: int, name: str = "x") -> Row:
    return {"id": number, "name": name}


def mark_deletions(table: Table) -> None:
    """As an engine does it that merges on read: the current snapshot has a list of delete files."""
    manifest = live_manifests(table)[0]
    foreign = deepcopy(manifest)
    foreign[0] = manifest.manifest_path.replace("-m0", "-m9")
    foreign[3] = ManifestContent.DELETES
    snapshot = table.current_snapshot()
    assert snapshot is not None
    place = f"{table.location()}/metadata/foreign.avro"
    with write_manifest_list(
        format_version=2,
        output_file=table.io.new_output(place),
        snapshot_id=1,
        parent_snapshot_id=snapshot.snapshot_id,
        sequence_number=9,
        avro_compression="deflate",
    ) as writer:
        writer.add_manifests([*live_manifests(table), foreign])
    listed = table.io.new_input(place).open().read()
    with table.io.new_output(snapshot.manifest_list).create(overwrite=True) as replaced:
        replaced.write(listed)
