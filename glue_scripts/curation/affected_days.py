"""Finds the days of a table that new rows of any dataset affect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from curation.zone import ProcessedDataset
from wires.contracts import DatasetContract
from wires.relations import Step, ways


def affected_days(
    day: str,
    goal: str,
    new_parts: Mapping[str, Iterable[str]],
    datasets: Mapping[str, ProcessedDataset],
    contracts: Mapping[str, DatasetContract],
) -> set[date]:
    """Return the days of rows of `goal` that are new or related to new rows, in any version.

    Old versions count as well: a row that moves to another day has to vanish from the first. So the
    result may contain a day too many, but never one too few.
    """
    days = [
        _led_to_goal(_changed(datasets[name], contracts[name], parts), way, datasets).select(day)
        for name, parts in sorted(new_parts.items())
        if parts
        for way in ways(contracts, name, goal)
    ]
    if not days:
        return set()
    together = reduce(DataFrame.unionByName, days).distinct()
    return {row[day] for row in together.collect() if row[day] is not None}


def _changed(
    dataset: ProcessedDataset, contract: DatasetContract, parts: Iterable[str]
) -> DataFrame:
    """Return the rows of new loads, and all other versions of the rows with their keys."""
    new = dataset.rows_of(parts)
    if not contract.primary_key:
        return new
    keys = new.select(*contract.primary_key).distinct()
    return dataset.rows.join(keys, list(contract.primary_key), "left_semi")


def _led_to_goal(
    rows: DataFrame, way: Iterable[Step], datasets: Mapping[str, ProcessedDataset]
) -> DataFrame:
    keys = rows
    for step in way:
        # A row on the way may be missing, for example in a dimension. Rows on both sides of the gap
        # still belong together: where the next step needs only the key itself, use the key.
        values = keys if set(step.columns) <= set(keys.columns) else rows
        keys = _keys(values, step, datasets[step.target]).distinct()
        rows = datasets[step.target].rows.join(keys, list(step.to), "left_semi")
    return rows


def _keys(values: DataFrame, step: Step, target: ProcessedDataset) -> DataFrame:
    kinds = {column.name: column.type.glue for column in target.schema.columns}
    # A column that became text may still hold keys of the other side, among other values.
    return values.select(
        *(
            f.col(name).try_cast(kinds[to]).alias(to)
            for name, to in zip(step.columns, step.to, strict=True)
        )
    )
