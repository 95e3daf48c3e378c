"""Glue job `data-ingestion`: the workflow's uploads, of any format → typed, catalogued Parquet."""

from __future__ import annotations

import logging
import sys

from lake.datasets import shipped_contracts
from lake.errors import LoadLost
from lake.file_load import FileLoad
from lake.session import log_to_console, spark_session
from lake.state import State
from lake.store import client, use_region
from wires.job_arguments import (
    GlueRun,
    LoadDefaults,
    LoadRun,
    from_argv,
    from_properties,
    workflow_run,
)

logger = logging.getLogger("data_ingestion")


def main(argv: list[str]) -> None:
    """Publish the load that the workflow's run is for; there is none if nobody has uploaded."""
    settings = from_argv(LoadDefaults, argv)
    glue_run = from_argv(GlueRun, argv)
    workflow = workflow_run(argv)
    use_region(settings.region)
    answer = client("glue").get_workflow_run_properties(
        Name=workflow.WORKFLOW_NAME, RunId=workflow.WORKFLOW_RUN_ID
    )
    run = from_properties(LoadRun, answer["RunProperties"])
    if run is None:
        logger.info("workflow run %s is for no load", workflow.WORKFLOW_RUN_ID)
        return
    load = FileLoad(
        settings=settings,
        run=run,
        glue_run=glue_run,
        contracts=shipped_contracts(),
        state=State.of(settings),
        spark=spark_session(glue_run.JOB_NAME),
    )
    try:
        commit = load.process()
    except LoadLost as lost:
        logger.warning("%s", lost)
        return
    for outcome in commit.outcomes:
        logger.info("%s", outcome)


if __name__ == "__main__":
    log_to_console("data_ingestion")
    main(sys.argv)
