"""Whom a reconciliation tells what: once for the same findings, and once when nothing is left."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from operations.reconciling.announcing import Announcing
from operations.reconciling.report import Finding, Kind, Report
from tests.operations.estates import SmallEstate
from wires.findings_ledger import FindingsLedger


def announcing(small: SmallEstate) -> Announcing:
    names = small.names
    return Announcing(
        ledger=FindingsLedger(small.estate.table(names.state_table)),
        sns=boto3.client("sns"),
        topic_arn=f"arn:aws:sns:{names.region}:{names.account}:{names.alerts_topic}",
        recoveries_topic_arn=f"arn:aws:sns:{names.region}:{names.account}:{names.alerts_topic}",
    )


def report_of(*whats: str, detail: str = "any") -> Report:
    report = Report(environment="dev", at="now", limit=2)
    for what in whats:
        report.add(Finding(kind=Kind.STUCK, what=what, detail=detail))
    return report


def told(small: SmallEstate, report: Report) -> list[dict[str, Any]]:
    announcing(small).announce(report)
    return [json.loads(body) for body in small.taken(small.inbox)]


def test_nobody_is_told_that_all_is_well_who_was_not_told_otherwise(small: SmallEstate) -> None:
    assert told(small, report_of()) == []


def test_findings_are_told_once_with_the_first_of_each_class(small: SmallEstate) -> None:
    (message,) = told(small, report_of("load a", "load b", "load c"))
    assert message["Subject"] == "Reconciliation: 3 findings in dev"
    lines = message["Message"].split("\n")
    assert lines[0] == "stuck: 3 uploads and loads that nothing works on"
    assert lines[1:3] == ["  load a: any", "  load b: any"]
    assert "docs/runbooks/reconcile-findings.md" in lines[-1]
    # In another order, with other words: the same findings.
    assert told(small, report_of("load c", "load b", "load a", detail="later")) == []


def test_others_are_told_though_they_are_as_many(small: SmallEstate) -> None:
    assert len(told(small, report_of("load a"))) == 1
    assert len(told(small, report_of("load b"))) == 1
    assert told(small, report_of("load b")) == []


def test_the_end_is_told_once_and_then_the_same_findings_again(small: SmallEstate) -> None:
    told(small, report_of("load a"))
    (message,) = told(small, report_of())
    assert message["Subject"] == "Reconciled: everything agrees again in dev"
    assert told(small, report_of()) == []
    assert len(told(small, report_of("load a"))) == 1


def test_what_could_not_be_sent_is_sent_the_next_time(small: SmallEstate) -> None:
    failing = announcing(small)

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "Throttling"}}, "Publish")

    failing.sns.meta.events.register("before-call.sns.Publish", refuse)
    with pytest.raises(ClientError):
        failing.announce(report_of("load a"))
    assert len(told(small, report_of("load a"))) == 1
