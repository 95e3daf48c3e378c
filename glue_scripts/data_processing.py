"""Glue job `data-processing`: new loads → staged days of curated tables."""

from __future__ import annotations

import logging
import sys

from curation.models import Models
from curation.processing import Processing
from lake.planning.datasets import shipped_contracts
from lake.running.footprint import footprint_recorded
from lake.session import log_to_console, spark_session
from lake.store import use_region
from wires.job_arguments import GlueRun, JobDefaults, from_argv

logger = logging.getLogger("data_processing")


def main(argv: list[str]) -> None:
    """Stage what new loads change. Raises LakeError naming every table that could not be made."""
    settings = from_argv(JobDefaults, argv)
    glue_run = from_argv(GlueRun, argv)
    use_region(settings.region)
    with footprint_recorded(settings, glue_run):
        processing = Processing(
            settings=settings,
            glue_run=glue_run,
            contracts=shipped_contracts(),
            models=Models.of(settings),
            spark=spark_session(glue_run.JOB_NAME),
        )
        for refresh in processing.process():
            logger.info("staged %s: %d rows, %s", refresh.model, refresh.rows, refresh.counts)


if __name__ == "__main__":
    log_to_console("data_processing")
    main(sys.argv)
