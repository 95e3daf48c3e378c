"""Data files as a table lists them, from the footers of the Parquet files that were written."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.typedef import Record


def data_file(
    location: str,
    footer: pq.FileMetaData,
    *,
    size: int,
    partition: Sequence[str],
    schema: Schema,
    spec_id: int,
    properties: dict[str, str],
) -> DataFile:
    """A file at an `s3://` location with `size` bytes, for a table with these columns and
    properties. `partition` has the values of its partition columns, which stand in the file too."""
    statistics = data_file_statistics_from_parquet_metadata(
        footer, compute_statistics_plan(schema, properties), parquet_path_to_id_mapping(schema)
    )
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=location,
        file_format=FileFormat.PARQUET,
        partition=Record(*partition),
        file_size_in_bytes=size,
        sort_order_id=None,
        spec_id=spec_id,
        equality_ids=None,
        key_metadata=None,
        **statistics.to_serialized_dict(),
    )
