"""A contract names columns as the files do, or as the table does: which ones it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pyspark.sql import types as t

from lake.schema import Column, Schema
from quality import SPELLINGS
from wires.contracts import DatasetContract, Reference


def by_column(contract: DatasetContract, schemas: Mapping[str, Schema]) -> DatasetContract:
    """The contract with the names of the tables' columns."""
    own = schemas.get(contract.name)
    return replace(
        contract,
        primary_key=_meant(contract.primary_key, own),
        latest_by=_meant(contract.latest_by, own),
        references=tuple(_reference(one, own, schemas) for one in contract.references),
        curated=tuple(replace(one, day=column_meant(one.day, own)) for one in contract.curated),
    )


def column_meant(name: str, schema: Schema | None) -> str:
    """The column that the files, or else the contract, or else the table calls so. A name that
    means none stays as it is."""
    columns = schema.columns if schema else ()
    found = [column.name for column in columns if name in _other_names(column)]
    return found[0] if found else name


def with_spellings(plain: t.StructType, schema: Schema) -> t.StructType:
    """With the names that columns go by elsewhere, which Spark passes on with them."""
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
    """What files and contract call a column that the table calls in another way."""
    names = (getattr(column, "source", None), getattr(column, "declared", None))
    return tuple(dict.fromkeys(name for name in names if name and name != column.name))
