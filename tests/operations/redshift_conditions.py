"""What Redshift asks of an Iceberg table, by its documentation.

https://docs.aws.amazon.com/redshift/latest/dg/querying-iceberg.html
https://docs.aws.amazon.com/redshift/latest/dg/querying-iceberg-supported-data-types.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pyiceberg.manifest import FileFormat, ManifestContent
from pyiceberg.table import StaticTable
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    StringType,
    StructType,
    TimestampType,
    TimestamptzType,
)

from operations.table_reader import IcebergReader

_PLAIN = (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    StringType,
    TimestampType,
    TimestamptzType,  # of newer releases
)
_NESTED = (ListType, MapType, StructType)
_CODECS = {"snappy", "gzip", "zstd"}


def broken_conditions(described: Mapping[str, Any], reader: IcebergReader) -> Iterator[str]:
    """What of a table in the Glue catalog Redshift could not read, in a line each."""
    parameters = described.get("Parameters", {})
    if parameters.get("table_type", "").upper() != "ICEBERG":
        yield f"{described['Name']} is no Iceberg table of the catalog"
        return
    table = reader.table(parameters["metadata_location"])
    yield from (f"{described['Name']}: {wrong}" for wrong in _wrong_in(table))


def _wrong_in(table: StaticTable) -> Iterator[str]:
    if table.metadata.format_version not in (1, 2):
        yield f"format version {table.metadata.format_version}"
    if table.properties.get("write.parquet.compression-codec") not in _CODECS:
        yield "another compression"
    for field in table.schema().fields:
        if not _is_known(field.field_type):
            yield f"{field.name} is {field.field_type}"
    yield from _wrong_files(table)


def _wrong_files(table: StaticTable) -> Iterator[str]:
    snapshot = table.current_snapshot()
    for manifest in snapshot.manifests(table.io) if snapshot else ():
        if manifest.content is not ManifestContent.DATA:
            yield "delete files"
            continue
        for entry in manifest.fetch_manifest_entry(table.io):
            if entry.data_file.file_format is not FileFormat.PARQUET:
                yield f"{entry.data_file.file_path} is no Parquet"


def _is_known(kind: IcebergType) -> bool:
    return isinstance(kind, (*_PLAIN, *_NESTED))
