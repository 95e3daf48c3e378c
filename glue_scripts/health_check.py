"""Glue job `health-check`: stub data through the front door of both routes, by the clock."""

from __future__ import annotations

import logging
import sys
from typing import Any

import boto3

from lake.session import log_to_console
from operations.health.check import Timeout, check_health
from operations.site import ToldSite, names_told
from wires.job_arguments import GlueRun, HealthCheckDefaults, from_argv
from wires.run_ledger import RunLedger

logger = logging.getLogger("health_check")


def main(argv: list[str]) -> None:
    """Check the environment, and take down what was found.

    Raises CheckFailed, which says what stands still, unless every route is healthy.
    """
    settings = from_argv(HealthCheckDefaults, argv)
    glue_run = from_argv(GlueRun, argv)
    session: Any = boto3.Session(region_name=settings.region)
    report = check_health(
        ToldSite(names=names_told(settings), locks_uploads=settings.locks_uploads),
        session,
        say=logger.info,
        timeout=Timeout(seconds=settings.timeout_seconds),
    )
    for line in report.lines():
        logger.info("%s", line)
    runs = RunLedger(session.resource("dynamodb").Table(settings.runs_table))
    runs.record(glue_run.JOB_NAME, glue_run.JOB_RUN_ID, report.facts())
    report.demand_health()


if __name__ == "__main__":
    log_to_console("health_check")
    main(sys.argv)
