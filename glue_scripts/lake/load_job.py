"""The common part of the two jobs that publish loads.

One job knows its load by its arguments, the other by its workflow's run.
"""

from __future__ import annotations

import logging

from lake.errors import LoadLost
from lake.load import FileLoad
from lake.load_parts import LoadParts
from lake.planning.datasets import shipped_contracts
from lake.publishing.state import State
from lake.session import spark_session
from wires.job_arguments import GlueRun, LoadDefaults, LoadRun

logger = logging.getLogger(__name__)


def publish_load(settings: LoadDefaults, run: LoadRun, glue_run: GlueRun) -> None:
    """Publish the load; leave quietly if another run has it."""
    logger.info("load %s, attempt %d: starting Spark", run.load_id, run.attempt)
    parts = LoadParts(
        settings=settings,
        run=run,
        glue_run=glue_run,
        contracts=shipped_contracts(),
        state=State.of(settings),
        spark=spark_session(glue_run.JOB_NAME),
    )
    load = FileLoad(parts=parts)
    try:
        commit = load.process()
    except LoadLost as lost:
        logger.warning("%s", lost)
        return
    for outcome in commit.outcomes:
        logger.info("%s", outcome)
