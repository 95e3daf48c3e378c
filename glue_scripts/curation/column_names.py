"""Resolves column names in a contract, which may be those of the files or of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pyspark.sql import types as t

from lake.columns.schema import Column, Schema
from quality.spellings import SPELLINGS
from wires.contracts import DatasetContract, Reference


def by_column(contract: DatasetContract, schemas: Mapping[str, Schema]) -> DatasetContract:
    """Return the contract with the column names of the tables."""
    own = schemas.get(contract.name)
    return replace(
        contract,
        primary_key=_meant(contract.primary_key, own),
        latest_by=_meant(contract.latest_by, own),
        references=tuple(_reference(one, own, schemas) for one in contract.references),
        curated=tuple(replace(one, day=column_meant(one.day, own)) for one in contract.curated),
    )


def column_meant(name: str, schema: Schema | None) -> str:
    """Return the table's column that the files, or else the contract, or else the table call so.

    A name that matches no column is returned as it is.
    """
    columns = schema.columns if schema else ()
    found = [column.name for column in columns if name in _other_names(column)]
    return found[0] if found else name


def with_spellings(plain: t.StructType, schema: Schema) -> t.StructType:
    """Return the schema with each column's other names in its metadata, which Spark passes on."""
    spellings = {column.name: _other_names(column) for column in schema.columns}
    return t.StructType(
        [
            t.StructField(
                field.name,
                field.dataType,
                field.nullable,
                {SPELLINGS: list(spellings.get(field.name, ()))},
            )
            for field in plain.fields
        ]
    )


def _meant(names: Sequence[str], schema: Schema | None) -> tuple[str, ...]:
    return tuple(column_meant(name, schema) for name in names)


def _reference(
    reference: Reference, own: Schema | None, schemas: Mapping[str, Schema]
) -> Reference:
    to = _meant(reference.to, schemas.get(reference.dataset))
    return replace(reference, columns=_meant(reference.columns, own), to=to)


def _other_names(column: Column) -> tuple[str, ...]:
    """Return the names of a column in files and contract, where they differ from the table's."""
    names = (getattr(column, "source", None), getattr(column, "declared", None))
    return tuple(dict.fromkeys(name for name in names if name and name != column.name))
