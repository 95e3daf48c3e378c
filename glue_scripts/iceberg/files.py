"""Iceberg's entries for data files, made from the footers of written Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

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
    """Return the entry for a file of `size` bytes at an `s3://` location.

    `schema` and `properties` are the table's. `partition` has the values of the partition columns,
    which the file holds too.
    """
    ids = parquet_path_to_id_mapping(schema)
    statistics = data_file_statistics_from_parquet_metadata(
        footer, compute_statistics_plan(schema, properties), ids
    )
    told = statistics.to_serialized_dict()
    for number in _without_bounds(footer, ids):
        told["lower_bounds"].pop(number, None)
        told["upper_bounds"].pop(number, None)
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
        **told,
    )


def _without_bounds(footer: pq.FileMetaData, ids: Mapping[str, int]) -> Iterator[int]:
    """Yield ids of columns for which a row group has values but no bounds, as for very long ones.

    PyIceberg would take the bounds of the other row groups for those of the file.
    """
    for group in map(footer.row_group, range(footer.num_row_groups)):
        for chunk in map(group.column, range(footer.num_columns)):
            told = chunk.statistics
            silent = told is None or not told.has_min_max
            if silent and not (
                told and told.has_null_count and told.null_count == chunk.num_values
            ):
                yield ids[chunk.path_in_schema]
