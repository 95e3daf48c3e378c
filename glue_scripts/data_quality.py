"""Glue job `data-quality`: what is staged is measured, then published or kept from its readers."""

from __future__ import annotations

import logging
import sys

from curation.judging import Judging
from curation.units import Units
from lake.datasets import shipped_contracts
from lake.session import log_to_console, spark_session
from lake.store import use_region
from wires.job_arguments import GlueRun, JobDefaults, from_argv

logger = logging.getLogger("data_quality")


def main(argv: list[str]) -> None:
    """Publish what passes. Raises LakeError naming every unit that could not be judged."""
    settings = from_argv(JobDefaults, argv)
    glue_run = from_argv(GlueRun, argv)
    use_region(settings.region)
    judging = Judging(
        settings=settings,
        glue_run=glue_run,
        contracts=shipped_contracts(),
        units=Units.of(settings),
        spark=spark_session(glue_run.JOB_NAME),
    )
    for refresh in judging.judge():
        logger.info("published %s: %d rows", refresh.unit, refresh.rows)


if __name__ == "__main__":
    log_to_console("data_quality")
    main(sys.argv)
