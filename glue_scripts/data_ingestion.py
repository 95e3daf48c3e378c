"""Glue job `data-ingestion`: the workflow's uploads, of any format → typed, catalogued Parquet."""

from __future__ import annotations

import logging
import sys

from lake.load_job import publish_load
from lake.running.footprint import footprint_recorded
from lake.session import log_to_console
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
    """Publish the load of the workflow's run; a run without uploads has none."""
    settings = from_argv(LoadDefaults, argv)
    glue_run = from_argv(GlueRun, argv)
    workflow = workflow_run(argv)
    use_region(settings.region)
    with footprint_recorded(settings, glue_run):
        answer = client("glue").get_workflow_run_properties(
            Name=workflow.WORKFLOW_NAME, RunId=workflow.WORKFLOW_RUN_ID
        )
        run = from_properties(LoadRun, answer["RunProperties"])
        if run is None:
            logger.info("workflow run %s is for no load", workflow.WORKFLOW_RUN_ID)
        else:
            publish_load(settings, run, glue_run)


if __name__ == "__main__":
    log_to_console("data_ingestion")
    main(sys.argv)
