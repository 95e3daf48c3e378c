"""Glue job `data-quality`: staged refreshes are measured, then published or held back."""

from __future__ import annotations

import logging
import sys

from curation.models import Models
from curation.quality_gate import QualityGate
from lake.planning.datasets import shipped_contracts
from lake.running.footprint import footprint_recorded
from lake.session import log_to_console, spark_session
from lake.store import use_region
from wires.job_arguments import GlueRun, JobDefaults, from_argv

logger = logging.getLogger("data_quality")


def main(argv: list[str]) -> None:
    """Publish what passes. Raises LakeError naming every model that could not be checked."""
    settings = from_argv(JobDefaults, argv)
    glue_run = from_argv(GlueRun, argv)
    use_region(settings.region)
    with footprint_recorded(settings, glue_run):
        judging = QualityGate(
            settings=settings,
            glue_run=glue_run,
            contracts=shipped_contracts(),
            models=Models.of(settings),
            spark=spark_session(glue_run.JOB_NAME),
        )
        for refresh in judging.judge():
            logger.info("published %s: %d rows", refresh.model, refresh.rows)


if __name__ == "__main__":
    log_to_console("data_quality")
    main(sys.argv)
