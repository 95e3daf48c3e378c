"""Glue job `legislators`: persons, memberships and organizations in Popolo JSON → one history."""

from __future__ import annotations

import logging
import sys

from curation.legislators import Legislators
from lake.running.footprint import footprint_recorded
from lake.session import log_to_console, plan_for, spark_session
from lake.store import use_region
from wires.job_arguments import GlueRun, LegislatorsDefaults, from_argv

logger = logging.getLogger("legislators")


def main(argv: list[str]) -> None:
    """Make the table again from the current documents, and publish it at once."""
    settings = from_argv(LegislatorsDefaults, argv)
    glue_run = from_argv(GlueRun, argv)
    use_region(settings.region)
    with footprint_recorded(settings, glue_run):
        spark = spark_session(glue_run.JOB_NAME)
        plan_for(spark, rows=0)  # a parliament is little data
        counts = Legislators(settings=settings, glue_run=glue_run, spark=spark).publish()
        logger.info("%s", counts)


if __name__ == "__main__":
    log_to_console("legislators")
    main(sys.argv)
