"""OpenLineage events: the object versions that a run read, the tables it made, and its code.

https://openlineage.io/docs/spec/object-model
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wires.manifest import ObjectVersion

_SPEC = "https://openlineage.io/spec"
_EVENT = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS = {
    "datasetVersion": "1-0-1/DatasetVersionDatasetFacet",
    "schema": "1-2-0/SchemaDatasetFacet",
    "dataQualityMetrics": "1-0-3/DataQualityMetricsInputDatasetFacet",
    "inputStatistics": "1-0-0/InputStatisticsInputDatasetFacet",
    "outputStatistics": "1-0-2/OutputStatisticsOutputDatasetFacet",
    "errorMessage": "1-0-1/ErrorMessageRunFacet",
    "jobType": "2-0-4/JobTypeJobFacet",
}

Json = dict[str, Any]


class RunEventType(StrEnum):
    """The events that a batch run has."""

    START = "START"
    COMPLETE = "COMPLETE"
    FAIL = "FAIL"


@dataclass(frozen=True, kw_only=True)
class LineageRun:
    """One run of a job."""

    job: str
    run_id: str
    """Glue's id of the run."""
    environment: str
    code_version: str
    """Version of the job's script and library."""


@dataclass(frozen=True, kw_only=True)
class InputObject:
    """An object version that was read, or is going to be."""

    bucket: str
    version: ObjectVersion
    rows: int | None = None
    """None while they have not been counted."""
    values: Mapping[str, int] | None = None
    """Number of values that it brought to each column of its table."""


@dataclass(frozen=True, kw_only=True)
class InputTable:
    """A table of the Glue catalog that was read."""

    region: str
    account: str
    database: str
    table: str
    version: str
    """Digest of the loads whose rows were there."""


@dataclass(frozen=True, kw_only=True)
class StagedFiles:
    """Files that a run made for a table, below a folder of a bucket, and not yet published."""

    bucket: str
    name: str
    """Name of the table and the refresh: `daily_sales/refresh=…`."""
    columns: Sequence[tuple[str, str]]
    rows: int


@dataclass(frozen=True, kw_only=True)
class OutputTable:
    """Rows that a run added to a table of the Glue catalog."""

    region: str
    account: str
    database: str
    table: str
    columns: Sequence[tuple[str, str]]
    """Name and Glue type of each column."""
    rows: int
    version: str = ""
    """Id of the table's snapshot; "" for a table of folders."""


def run_event(
    kind: RunEventType,
    run: LineageRun,
    *,
    at: str,
    inputs: Sequence[InputObject | InputTable | StagedFiles],
    outputs: Sequence[OutputTable | StagedFiles] = (),
    error: str = "",
) -> str:
    """Return the event as JSON. `at` is ISO 8601 with an offset."""
    facets = _Facets(producer=f"urn:glue-etl-pipeline:{run.code_version}")
    event = {
        "eventType": kind.value,
        "eventTime": at,
        "producer": facets.producer,
        "schemaURL": _EVENT,
        "run": {
            "runId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{run.job}/{run.run_id}")),
            "facets": _failure(facets, error),
        },
        "job": {
            "namespace": f"glue-{run.environment}",
            "name": run.job,
            "facets": facets.of(
                "jobType", processingType="BATCH", integration="GLUE", jobType="JOB"
            ),
        },
        "inputs": [_input(facets, item) for item in inputs],
        "outputs": [_output(facets, item) for item in outputs],
    }
    return json.dumps(event, ensure_ascii=False)


@dataclass(frozen=True)
class _Facets:
    producer: str

    def of(self, name: str, **content: object) -> Json:
        path = _FACETS[name]
        schema = f"{_SPEC}/facets/{path}.json#/$defs/{path.split('/')[1]}"
        return {name: {"_producer": self.producer, "_schemaURL": schema, **content}}


def _failure(facets: _Facets, error: str) -> Json:
    if not error:
        return {}
    return facets.of("errorMessage", message=error, programmingLanguage="PYTHON")


def _input(facets: _Facets, item: InputObject | InputTable | StagedFiles) -> Mapping[str, Any]:
    if isinstance(item, StagedFiles):
        return {
            **_files(item),
            "inputFacets": facets.of("inputStatistics", rowCount=item.rows),
        }
    if isinstance(item, InputTable):
        return {
            **_table(item.region, item.account, item.database, item.table),
            "facets": facets.of("datasetVersion", datasetVersion=item.version),
        }
    version = item.version
    counted = {} if item.rows is None else {"rowCount": item.rows}
    return {
        "namespace": f"s3://{item.bucket}",
        "name": version.key,
        "facets": facets.of("datasetVersion", datasetVersion=version.version_id),
        "inputFacets": {
            **facets.of("inputStatistics", size=version.size, fileCount=1, **counted),
            **_value_counts(facets, item),
        },
    }


def _value_counts(facets: _Facets, item: InputObject) -> Mapping[str, Any]:
    if item.values is None:
        return {}
    metrics = {name: {"count": count} for name, count in item.values.items()}
    return facets.of("dataQualityMetrics", rowCount=item.rows, columnMetrics=metrics)


def _output(facets: _Facets, item: OutputTable | StagedFiles) -> Mapping[str, Any]:
    fields = [{"name": name, "type": kind} for name, kind in item.columns]
    place = (
        _files(item)
        if isinstance(item, StagedFiles)
        else _table(item.region, item.account, item.database, item.table)
    )
    version = (
        facets.of("datasetVersion", datasetVersion=item.version)
        if isinstance(item, OutputTable) and item.version
        else {}
    )
    return {
        **place,
        "facets": {**facets.of("schema", fields=fields), **version},
        "outputFacets": facets.of("outputStatistics", rowCount=item.rows),
    }


def _table(region: str, account: str, database: str, table: str) -> Mapping[str, Any]:
    return {
        "namespace": f"arn:aws:glue:{region}:{account}",
        "name": f"table/{database}/{table}",
    }


def _files(item: StagedFiles) -> Mapping[str, Any]:
    return {"namespace": f"s3://{item.bucket}", "name": item.name}
