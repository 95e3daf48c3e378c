"""Glue job `file-processor`: the uploaded CSV objects of one load → typed, catalogued Parquet."""

from __future__ import annotations

import logging
import sys

from lake.datasets import shipped_contracts
from lake.errors import LoadLost
from lake.file_load import FileLoad
from lake.session import log_to_console, spark_session
from lake.state import State
from lake.store import use_region
from wires.job_arguments import GlueRun, LoadDefaults, LoadRun, from_argv

logger = logging.getLogger("file_processor")


def main(argv: list[str]) -> None:
    """Publish the load that the arguments name; leave quietly if another run has it."""
    settings = from_argv(LoadDefaults, argv)
    run = from_argv(LoadRun, argv)
    glue_run = from_argv(GlueRun, argv)
    use_region(settings.region)
    logger.info("load %s, attempt %d: starting Spark", run.load_id, run.attempt)
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
    log_to_console("file_processor")
    main(sys.argv)
