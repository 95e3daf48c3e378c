"""Events as AWS puts them on the bus."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Event = dict[str, Any]


def event_of(
    *,
    source: str,
    detail_type: str,
    detail: Mapping[str, Any],
    account: str,
    region: str,
    resources: Sequence[str] = (),
) -> Event:
    """Return the envelope around `detail`, with a time in whole seconds and an id of its own."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": list(resources),
        "detail": dict(detail),
    }


def run_state_change(
    *, job: str, run_id: str, state: str, message: str, account: str, region: str
) -> Event:
    """https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html"""
    return event_of(
        source="aws.glue",
        detail_type="Glue Job State Change",
        detail={
            "jobName": job,
            "severity": "INFO" if state == "SUCCEEDED" else "ERROR",
            "state": state,
            "jobRunId": run_id,
            "message": message,
        },
        account=account,
        region=region,
    )


def crawler_state_change(
    *, crawler: str, state: str, message: str, account: str, region: str
) -> Event:
    """https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html"""
    return event_of(
        source="aws.glue",
        detail_type="Glue Crawler State Change",
        detail={
            "crawlerName": crawler,
            "accountId": account,
            "state": state,
            "message": message,
        },
        account=account,
        region=region,
    )


def scheduled(*, rule_arn: str, account: str, region: str) -> Event:
    """Return the event that a rule with a schedule sends to its targets."""
    return event_of(
        source="aws.events",
        detail_type="Scheduled Event",
        detail={},
        account=account,
        region=region,
        resources=[rule_arn],
    )
