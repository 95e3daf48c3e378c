"""The job-run table: the history of all runs of all jobs, with facts about each.

Partition key `job`, sort key `run_id`; the index `by_start` lists a job's runs in time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from boto3.dynamodb.conditions import Key

from wires.paging import items_of

BY_START_INDEX = "by_start"
"""Local index: sort key `started_at`."""

HEALTH = "health"
"""Fact of a run of the health check: by route `failed` (0 or 1), `seconds`, and what was found."""
FINDINGS = "findings"
"""Fact of a run of the reconciliation: counts by class."""

ENDED = frozenset({"SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR", "EXPIRED"})
"""Glue's run states after which nothing more happens."""


class RunLedger:
    """Reads and writes runs through a DynamoDB `Table` resource."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def record(self, job: str, run_id: str, facts: Mapping[str, Any]) -> None:
        """Add facts to a run's item: state, seconds, rows, error … Later ones win."""
        names = {f"#f{position}": name for position, name in enumerate(facts)}
        values = {f":f{position}": value for position, value in enumerate(facts.values())}
        self._table.update_item(
            Key={"job": job, "run_id": run_id},
            UpdateExpression="SET "
            + ", ".join(f"{n} = {v}" for n, v in zip(names, values, strict=True)),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        )

    def get(self, job: str, run_id: str) -> dict[str, Any]:
        """Return the item of one run, or {} if there is none."""
        answer = self._table.get_item(Key={"job": job, "run_id": run_id}, ConsistentRead=True)
        item: dict[str, Any] = answer.get("Item", {})
        return item

    def seconds_before(self, job: str, started_at: str, *, most: int) -> list[int]:
        """Return the seconds of a job's last runs that succeeded and had started before a time."""
        found = items_of(
            self._table,
            "query",
            IndexName=BY_START_INDEX,
            KeyConditionExpression=Key("job").eq(job) & Key("started_at").lt(started_at),
            ScanIndexForward=False,
            PaginationConfig={"MaxItems": most, "PageSize": most},
        )
        return [int(item["seconds"]) for item in found if item.get("state") == "SUCCEEDED"]

    def all_runs(self) -> Iterator[dict[str, Any]]:
        """Yield every run's item, in no particular order. Reads the whole table."""
        return items_of(self._table, "scan", ConsistentRead=True)
