"""What each curated table, and each dataset that tables are made of, has taken in.

Items of the state table, one for each `table/<table>` and `dataset/<name>`.
A refresh is staged by the processing job, approved by the quality job and then carried out; only
when readers see all of it does it become what is `published`, which holds the watermark. So a run
that dies anywhere is followed by one that does the same again or goes on with what is approved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase, Key

from wires.layout import PARTITION_KEY, REFRESH_STATES, SORT_KEY, refresh_state
from wires.paging import items_of


@dataclass(frozen=True, kw_only=True)
class RefreshState:
    """Keys of refreshes in the assets bucket; empty where there is none."""

    unit: str
    published: str = ""
    staged: str = ""
    approved: bool = False
    """What is staged is being published, and nothing else may be before."""
    halted: str = ""
    """Why what is staged was kept from its readers."""
    verdict: str = ""
    """Of the last judgement: passed, warned, quarantined or halted."""
    score: str = ""
    """Of the last judgement, 0 to 100; "none" where there are no rules."""
    report: str = ""
    """Where its page is."""


class RefreshLedger:
    """Reads and writes the items through a DynamoDB `Table` resource."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self._conflict = table.meta.client.exceptions.ConditionalCheckFailedException

    def get(self, unit: str) -> RefreshState:
        """An empty state for a unit that nobody has heard of."""
        item = self._table.get_item(Key=dict(refresh_state(unit)), ConsistentRead=True).get(
            "Item", {}
        )
        return _state(unit, item)

    def all_states(self) -> Iterator[RefreshState]:
        """By unit."""
        ours = Key(PARTITION_KEY).eq(REFRESH_STATES)
        found = items_of(self._table, "query", KeyConditionExpression=ours, ConsistentRead=True)
        for item in found:
            yield _state(item[SORT_KEY], item)

    def stage(self, unit: str, refresh: str) -> bool:
        """Put a refresh before the gate, in place of one that is waiting there.

        False if one is being published.
        """
        return self._update(
            unit,
            "SET staged = :refresh REMOVE halted, approved",
            _FREE,
            {":refresh": refresh},
        )

    def unstage(self, unit: str, refresh: str) -> bool:
        """Take a refresh away from the gate. False if it is being published."""
        return self._update(
            unit,
            "REMOVE staged, halted",
            _staged(refresh) & _FREE,
        )

    def withdraw(self, unit: str, refresh: str) -> bool:
        """Take a refresh away that nobody can carry out, although it is approved."""
        return self._update(
            unit,
            "REMOVE staged, approved, halted",
            _staged(refresh),
        )

    def judge(self, unit: str, *, verdict: str, score: str, report: str) -> None:
        """Note a judgement, whatever becomes of the refresh."""
        self._update(
            unit,
            "SET verdict = :verdict, score = :score, report = :report",
            Attr("staged").exists(),
            {":verdict": verdict, ":score": score, ":report": report},
        )

    def approve(self, unit: str, refresh: str) -> bool:
        """From now on the refresh is carried out, whatever becomes of this run."""
        return self._update(
            unit,
            "SET approved = :yes REMOVE halted",
            _staged(refresh),
            {":yes": True},
        )

    def exchange(self, unit: str, refresh: str, fitter: str) -> bool:
        """Approve another refresh than the one that is staged: the same without some rows."""
        return self._update(
            unit,
            "SET staged = :fitter, approved = :yes REMOVE halted",
            _staged(refresh) & _FREE,
            {":fitter": fitter, ":yes": True},
        )

    def halt(self, unit: str, refresh: str, *, reason: str) -> bool:
        """Keep a refresh from its readers."""
        return self._update(
            unit,
            "SET halted = :reason",
            _staged(refresh) & _FREE,
            {":reason": reason},
        )

    def finish(self, unit: str, refresh: str) -> bool:
        """Readers see all of it: the watermark moves."""
        return self._update(
            unit,
            "SET published = :refresh REMOVE staged, approved, halted",
            _staged(refresh) & Attr("approved").eq(True),
            {":refresh": refresh},
        )

    def _update(
        self,
        unit: str,
        update: str,
        condition: ConditionBase,
        values: Mapping[str, Any] | None = None,
    ) -> bool:
        given = {"ExpressionAttributeValues": dict(values)} if values else {}
        try:
            self._table.update_item(
                Key=dict(refresh_state(unit)),
                UpdateExpression=update,
                ConditionExpression=condition,
                **given,
            )
        except self._conflict:
            return False
        return True


_FREE = Attr("approved").not_exists()
"""Nothing is being published."""


def _staged(refresh: str) -> ConditionBase:
    return Attr("staged").eq(refresh)


def table_unit(table: str) -> str:
    return f"table/{table}"


def dataset_unit(dataset: str) -> str:
    return f"dataset/{dataset}"


def _state(unit: str, item: Mapping[str, Any]) -> RefreshState:
    return RefreshState(
        unit=unit,
        published=item.get("published", ""),
        staged=item.get("staged", ""),
        approved=bool(item.get("approved", False)),
        halted=item.get("halted", ""),
        verdict=item.get("verdict", ""),
        score=item.get("score", ""),
        report=item.get("report", ""),
    )
