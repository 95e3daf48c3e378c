from __future__ import annotations

import json
from typing import Any

import attr
import pytest
from openlineage.client import event_v2
from openlineage.client.facet_v2 import (
    data_quality_metrics_input_dataset,
    dataset_version_dataset,
    error_message_run,
    input_statistics_input_dataset,
    job_type_job,
    output_statistics_output_dataset,
    schema_dataset,
)
from openlineage.client.generated.base import BaseFacet

from wires.lineage import (
    InputObject,
    InputTable,
    LineageRun,
    OutputTable,
    RunEventType,
    StagedFiles,
    run_event,
)
from wires.manifest import ObjectVersion

AT = "2026-01-15T10:00:00+00:00"
RUN = LineageRun(
    job="file-processor", run_id="jr_1", environment="dev", code_version="0123456789abcdef"
)
INPUT = InputObject(
    bucket="raw",
    version=ObjectVersion(key="orders/ü.csv", version_id="v1", size=7, uploaded_at=AT),
    rows=3,
    values={"id": 3, "name": 1},
)
OUTPUT = OutputTable(
    region="eu-central-1",
    account="123456789012",
    database="processed",
    table="orders",
    columns=[("id", "bigint"), ("load_id", "string")],
    rows=2,
)
FACETS = {
    "datasetVersion": dataset_version_dataset.DatasetVersionDatasetFacet,
    "dataQualityMetrics": (data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet),
    "schema": schema_dataset.SchemaDatasetFacet,
    "inputStatistics": input_statistics_input_dataset.InputStatisticsInputDatasetFacet,
    "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
    "errorMessage": error_message_run.ErrorMessageRunFacet,
    "jobType": job_type_job.JobTypeJobFacet,
}


def understood(item: dict[str, Any]) -> None:
    """The facets are those that OpenLineage's own classes, made from its schema, take."""
    for kind in ("facets", "inputFacets", "outputFacets"):
        for name, content in item.get(kind, {}).items():
            made: BaseFacet = FACETS[name](
                **{key: value for key, value in content.items() if not key.startswith("_")}
            )
            assert content["_schemaURL"] == made._get_schema()
            required = {a.name for a in attr.fields(type(made)) if a.default is attr.NOTHING}
            assert required <= content.keys()


@pytest.mark.parametrize("kind", RunEventType)
def test_events_are_what_openlineage_specifies(kind: RunEventType) -> None:
    text = run_event(kind, RUN, at=AT, inputs=[INPUT], outputs=[OUTPUT], error="it broke")
    event = json.loads(text)
    made = event_v2.RunEvent(
        eventTime=event["eventTime"],
        producer=event["producer"],
        run=event_v2.Run(runId=event["run"]["runId"]),
        job=event_v2.Job(namespace=event["job"]["namespace"], name=event["job"]["name"]),
        eventType=event_v2.RunState(event["eventType"]),
    )
    assert event["schemaURL"] == made.schemaURL
    for item in (event["run"], event["job"], *event["inputs"], *event["outputs"]):
        understood(item)


def test_a_run_is_the_same_in_all_its_events() -> None:
    first, last = (
        json.loads(run_event(kind, RUN, at=AT, inputs=[INPUT]))
        for kind in (RunEventType.START, RunEventType.COMPLETE)
    )
    assert first["run"]["runId"] == last["run"]["runId"]


def test_an_event_names_version_rows_columns_and_code() -> None:
    text = run_event(RunEventType.COMPLETE, RUN, at=AT, inputs=[INPUT], outputs=[OUTPUT])
    event = json.loads(text)
    (read,), (made,) = event["inputs"], event["outputs"]
    assert (read["namespace"], read["name"]) == ("s3://raw", "orders/ü.csv")
    assert read["facets"]["datasetVersion"]["datasetVersion"] == "v1"
    assert read["inputFacets"]["inputStatistics"]["rowCount"] == 3
    metrics = read["inputFacets"]["dataQualityMetrics"]["columnMetrics"]
    assert metrics == {"id": {"count": 3}, "name": {"count": 1}}
    assert (made["namespace"], made["name"]) == (
        "arn:aws:glue:eu-central-1:123456789012",
        "table/processed/orders",
    )
    assert [field["name"] for field in made["facets"]["schema"]["fields"]] == ["id", "load_id"]
    assert made["outputFacets"]["outputStatistics"]["rowCount"] == 2
    assert event["producer"].endswith(RUN.code_version)


def test_what_is_staged_between_two_jobs_has_one_name_at_both_ends() -> None:
    staged = StagedFiles(
        bucket="curated", name="sales/refresh=0123", columns=[("amount", "bigint")], rows=3
    )
    orders = InputTable(
        region="eu-central-1", account="1", database="processed", table="orders", version="abc"
    )
    at = "2026-01-15T10:00:00+00:00"
    made = json.loads(
        run_event(RunEventType.COMPLETE, RUN, at=at, inputs=[orders], outputs=[staged])
    )
    read = json.loads(
        run_event(RunEventType.COMPLETE, RUN, at=at, inputs=[staged], outputs=[OUTPUT])
    )
    for item in (*made["inputs"], *made["outputs"], *read["inputs"], *read["outputs"]):
        understood(item)
    [output], [given] = made["outputs"], read["inputs"]
    assert (output["namespace"], output["name"]) == (given["namespace"], given["name"])
    [table] = made["inputs"]
    assert table["name"] == "table/processed/orders"
    assert table["facets"]["datasetVersion"]["datasetVersion"] == "abc"
