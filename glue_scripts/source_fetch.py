"""Glue job of a source: what has come there since the last run lands like an upload."""

from __future__ import annotations

import logging
import sys
from typing import Any

import boto3

from connectors.deployed import deployed_source
from connectors.running import fetch_in_account, order_of
from lake.session import log_to_console
from wires.job_arguments import FetchDefaults, GlueRun, from_argv
from wires.run_ledger import RunLedger

logger = logging.getLogger("source_fetch")


def main(argv: list[str]) -> None:
    """Fetch, land, and take down what came. Raises ConnectorError if it cannot be had."""
    settings = from_argv(FetchDefaults, argv)
    glue_run = from_argv(GlueRun, argv)
    session: Any = boto3.Session(region_name=settings.region)
    source = deployed_source()
    report = fetch_in_account(
        source, order_of(source, settings), settings, session, say=logger.info
    )
    for line in report.lines():
        logger.info("%s", line)
    runs = RunLedger(session.resource("dynamodb").Table(settings.runs_table))
    runs.record(glue_run.JOB_NAME, glue_run.JOB_RUN_ID, report.facts())


if __name__ == "__main__":
    log_to_console("source_fetch")
    main(sys.argv)
