"""Glue job `reconciliation`: uploads, ledgers, tables and files compared, by the clock."""

from __future__ import annotations

import logging
import sys
from typing import Any

import boto3

from lake.session import log_to_console
from operations.reconciling.announcing import Announcing
from operations.reconciling.reconcile import reconcile
from operations.site import ToldSite, names_told
from wires.findings_ledger import FindingsLedger
from wires.job_arguments import GlueRun, ReconciliationDefaults, from_argv
from wires.run_ledger import RunLedger

logger = logging.getLogger("reconciliation")


def main(argv: list[str]) -> None:
    """Compare everything, take down what was found, and tell people what they do not know."""
    settings = from_argv(ReconciliationDefaults, argv)
    glue_run = from_argv(GlueRun, argv)
    session: Any = boto3.Session(region_name=settings.region)
    tables = session.resource("dynamodb")
    report = reconcile(
        ToldSite(names=names_told(settings), grace_hours=settings.grace_hours),
        session,
        repair=settings.repair,
    )
    for line in report.lines():
        logger.info("%s", line)
    runs = RunLedger(tables.Table(settings.runs_table))
    runs.record(glue_run.JOB_NAME, glue_run.JOB_RUN_ID, report.facts())
    announcing = Announcing(
        ledger=FindingsLedger(tables.Table(settings.state_table)),
        sns=session.client("sns"),
        topic_arn=settings.alerts_topic_arn,
        recoveries_topic_arn=settings.recoveries_topic_arn,
    )
    if announcing.announce(report):
        logger.info("people were told")


if __name__ == "__main__":
    log_to_console("reconciliation")
    main(sys.argv)
