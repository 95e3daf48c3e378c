"""Reads what was published, with another program than the one that wrote it: DuckDB."""

from __future__ import annotations

import json
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from fuzz.meaning import Moment, Value
from fuzz.seen import Aside, Rows, Table
from operations.table_reader import IcebergReader
from tests.aws import PROCESSED, QUALITY, SmallAws

_METADATA = ("processed_at", "source_file", "processing_job", "load_id", "year", "month", "day")
_SOURCE = "source_file"
_GLUE_TYPES = {
    "BIGINT": "bigint",
    "VARCHAR": "string",
    "DOUBLE": "double",
    "DATE": "date",
    "BOOLEAN": "boolean",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
}
_MOMENTS = {"TIMESTAMP": False, "TIMESTAMP WITH TIME ZONE": True}
_Content = tuple[dict[str, str], dict[str, list[Value]]]
"""Types and values by column."""


def table_of(aws: SmallAws, name: str, keys: Mapping[str, str]) -> Table:
    """Return the table of that name; `keys` has the program's key for each uploaded key."""
    try:
        answer = aws.glue.get_table(DatabaseName=PROCESSED, Name=name or "none")
    except aws.glue.exceptions.EntityNotFoundException:
        return Table(comments={}, rows={})
    described = [
        column
        for column in answer["Table"]["StorageDescriptor"]["Columns"]
        if column["Parameters"]["iceberg.field.current"] == "true"
    ]
    types = {column["Name"]: column["Type"] for column in described}
    complaints: list[str] = []
    parts: defaultdict[str, list[_Content]] = defaultdict(list)
    location = answer["Table"]["Parameters"]["metadata_location"]
    for bucket, place in IcebergReader(aws.s3).files(location):
        body = aws.s3.get_object(Bucket=bucket, Key=place)["Body"].read()
        try:
            kinds, values = _content(body)
        except duckdb.Error as error:
            complaints.append(f"DuckDB cannot read a file of it: {error}"[:300])
            continue
        complaints += _complaints(kinds, types)
        for key, own in _by_key(values):
            parts[keys.get(key, key)].append((kinds, own))
    return Table(
        comments={column["Name"]: column.get("Comment", "") for column in described},
        rows={key: _joined(list(types), some) for key, some in parts.items()},
        complaints=tuple(complaints),
    )


def aside_of(aws: SmallAws, keys: Mapping[str, str]) -> dict[str, list[Aside]]:
    """Return the rows in quarantine by the program's key, without those of other cases."""
    found: defaultdict[str, list[Aside]] = defaultdict(list)
    for body in _quarantined(aws):
        for text in body.decode().split("\n"):
            row = json.loads(text) if text else {}
            if row.get("source_file") in keys:
                aside = Aside(line=row["line"], reason=row["reason"], raw=row["raw"])
                found[keys[row["source_file"]]].append(aside)
    return dict(found)


def _quarantined(aws: SmallAws) -> Iterator[bytes]:
    try:
        pages = aws.glue.get_paginator("get_partitions").paginate(
            DatabaseName=QUALITY, TableName="quarantined_rows"
        )
        partitions = [partition for page in pages for partition in page["Partitions"]]
    except aws.glue.exceptions.EntityNotFoundException:
        return
    for partition in partitions:
        bucket, prefix = partition["StorageDescriptor"]["Location"][5:].split("/", 1)
        for key in sorted(aws.keys(bucket, prefix)):
            yield aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def _content(body: bytes) -> _Content:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder, "rows.parquet")
        path.write_bytes(body)
        connection.execute("SET threads = 1; SET TimeZone = 'UTC'")
        source = f"read_parquet('{path}', hive_partitioning=false)"
        described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
        kinds = {str(row[0]): str(row[1]) for row in described}
        chosen = ", ".join(_chosen(name, kind) for name, kind in kinds.items())
        rows = connection.execute(f"SELECT {chosen} FROM {source}").fetchall()  # noqa: S608
    columns = zip(*rows, strict=True) if rows else [()] * len(kinds)
    return kinds, {
        name: _values(kinds[name], values) for name, values in zip(kinds, columns, strict=True)
    }


def _chosen(name: str, kind: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    return f"epoch_us({quoted})" if kind in _MOMENTS else quoted


def _values(kind: str, values: Sequence[Any]) -> list[Value]:
    if kind not in _MOMENTS:
        return list(values)
    zoned = _MOMENTS[kind]
    return [None if value is None else Moment(value * 1000, zoned) for value in values]


def _complaints(kinds: Mapping[str, str], types: Mapping[str, str]) -> list[str]:
    found = [f"the catalog has no column {name!r}" for name in kinds if name not in types]
    for name in set(kinds) & set(types):
        kind = re.sub(r"\s", "", kinds[name].lower()) if "(" in kinds[name] else ""
        if (kind or _GLUE_TYPES.get(kinds[name], "?")) != types[name]:
            found.append(
                f"column {name!r} is {kinds[name]} in a file, {types[name]} in the catalog"
            )
    return found


def _by_key(values: Mapping[str, list[Value]]) -> Iterator[tuple[str, dict[str, list[Value]]]]:
    places: defaultdict[str, list[int]] = defaultdict(list)
    for row, key in enumerate(values.get(_SOURCE, ())):
        places[str(key)].append(row)
    for key, rows in places.items():
        whole = rows[-1] - rows[0] == len(rows) - 1
        part = slice(rows[0], rows[-1] + 1)
        yield key, {n: c[part] if whole else [c[i] for i in rows] for n, c in values.items()}


def _joined(names: Sequence[str], parts: Sequence[_Content]) -> Rows:
    """Return the rows of one object, from all files that have some; absent columns are null."""
    columns: dict[str, list[Value]] = {}
    for name in names:
        if name not in _METADATA:
            columns[name] = []
            for _, values in parts:
                columns[name] += values.get(name) or [None] * len(values[_SOURCE])
    texts = {
        name
        for name, values in columns.items()
        if any(kinds.get(name) == "VARCHAR" for kinds, _ in parts) and any(values)
    }
    return Rows(
        columns=columns,
        texts=frozenset(texts),
        count=sum(len(values[_SOURCE]) for _, values in parts),
    )
