"""The job-run table: the history of all runs of all jobs, with facts about each.

Partition key `job`, sort key `run_id`; the index `by_start` lists a job's runs in time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from boto3.dynamodb.conditions import Key

from wires.paging import items_of

BY_START_INDEX = "by_start"
"""Local index: sort key `started_at`."""

DRIVER_PEAK, WORKER_PEAK = "peak_memory_bytes", "worker_peak_memory_bytes"
"""Facts of a run: the most bytes of memory that its driver, and any one worker, have taken."""
HEALTH = "health"
"""Fact of a run of the health check: by route `failed` (0 or 1), `seconds`, and what was found."""
FINDINGS = "findings"
"""Fact of a run of the reconciliation: counts by class."""

ENDED = frozenset({"SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR", "EXPIRED"})
"""Glue's run states after which nothing more happens."""
LOST = "LOST"
"""State of a run that had not ended when it was last heard of, and that Glue does not know now."""
CLOSED = ENDED | {LOST}


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
        found = self.last(job, most=most, before=started_at)
        return [int(item["seconds"]) for item in found if item.get("state") == "SUCCEEDED"]

    def last(self, job: str, *, most: int = 0, before: str = "") -> Iterator[dict[str, Any]]:
        """Yield the items of a job's runs, the latest start first.

        At most so many, if a number is given; those started before a time, if one is given.
        """
        started = Key("started_at").lt(before) if before else Key("started_at").gt("0")
        return items_of(
            self._table,
            "query",
            IndexName=BY_START_INDEX,
            KeyConditionExpression=Key("job").eq(job) & started,
            ScanIndexForward=False,
            ConsistentRead=True,
            **({"PaginationConfig": {"MaxItems": most, "PageSize": most}} if most else {}),
        )

    def last_before(self, job: str, started_at: str) -> dict[str, Any]:
        """Return the item of a job's last closed run that had started before a time, or {}."""
        closed = (item for item in self.last(job, before=started_at) if item.get("state") in CLOSED)
        return next(closed, {})

    def last_ended(self, job: str, *, most: int) -> list[dict[str, Any]]:
        """Return the last runs of a job that have ended, the latest first."""
        ended = (item for item in self.last(job) if item.get("state") in CLOSED)
        return list(islice(ended, most))

    def all_runs(self) -> Iterator[dict[str, Any]]:
        """Yield every run's item, in no particular order. Reads the whole table."""
        return items_of(self._table, "scan", ConsistentRead=True)
