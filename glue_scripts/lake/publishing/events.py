"""Lineage events as jobs write them: beside what they are about, in the assets bucket."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from lake.store import client
from wires.job_arguments import GlueRun, JobDefaults
from wires.lineage import (
    InputObject,
    InputTable,
    LineageRun,
    OutputTable,
    RunEventType,
    StagedFiles,
    run_event,
)

Inputs = Sequence[InputObject | InputTable | StagedFiles]
Outputs = Sequence[OutputTable | StagedFiles]


def lineage_run(settings: JobDefaults, glue_run: GlueRun) -> LineageRun:
    return LineageRun(
        job=glue_run.JOB_NAME,
        run_id=glue_run.JOB_RUN_ID,
        environment=settings.environment,
        code_version=settings.code_version,
    )


def write_event(
    kind: RunEventType,
    run: LineageRun,
    *,
    bucket: str,
    key: str,
    inputs: Inputs,
    outputs: Outputs = (),
    error: Exception | None = None,
) -> None:
    """Write an event of a run, as of now."""
    event = run_event(
        kind,
        run,
        at=datetime.now(UTC).isoformat(),
        inputs=inputs,
        outputs=outputs,
        error=f"{type(error).__name__}: {error}" if error else "",
    )
    client("s3").put_object(
        Bucket=bucket, Key=key, Body=event.encode(), ContentType="application/json"
    )
