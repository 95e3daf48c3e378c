"""The refresh ledger: published and staged content of curated tables and their datasets.

Items of the state table, one for each `table/<table>` and `dataset/<name>`. A refresh is staged by
the processing job, approved by the quality job, then published. Only when readers see all of it
does it become `published`, which holds the watermark. So after a run that dies anywhere, the next
one repeats the step or continues with the approved refresh.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase, Key

from wires.layout import PARTITION_KEY, REFRESH_STATES, SORT_KEY, refresh_state
from wires.paging import items_of

NO_SCORE = "none"
"""Score where no rule was judged."""


@dataclass(frozen=True, kw_only=True)
class RefreshState:
    """Keys of refreshes in the assets bucket; empty if there is none."""

    model: str
    published: str = ""
    staged: str = ""
    approved: bool = False
    """The staged refresh is being published; no other may be staged before that ends."""
    halted: str = ""
    """The reason why the staged refresh was kept from readers."""
    verdict: str = ""
    """Verdict of the last quality check: passed, warned, quarantined or halted."""
    score: str = ""
    """Score of the last quality check, 0 to 100; "none" without rules."""
    report: str = ""
    """Location of the last report's page."""


class RefreshLedger:
    """Reads and writes the items through a DynamoDB `Table` resource."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self._conflict = table.meta.client.exceptions.ConditionalCheckFailedException

    def get(self, model: str) -> RefreshState:
        """Return the state of a model, empty for an unknown one."""
        item = self._table.get_item(Key=dict(refresh_state(model)), ConsistentRead=True).get(
            "Item", {}
        )
        return _state(model, item)

    def all_states(self) -> Iterator[RefreshState]:
        """Yield all states, sorted by model."""
        ours = Key(PARTITION_KEY).eq(REFRESH_STATES)
        found = items_of(self._table, "query", KeyConditionExpression=ours, ConsistentRead=True)
        for item in found:
            yield _state(item[SORT_KEY], item)

    def stage(self, model: str, refresh: str) -> bool:
        """Stage a refresh for the gate, replacing one that waits there.

        False if one is being published.
        """
        return self._update(
            model,
            "SET staged = :refresh REMOVE halted, approved",
            _FREE,
            {":refresh": refresh},
        )

    def unstage(self, model: str, refresh: str) -> bool:
        """Remove a refresh from the gate. False if it is being published."""
        return self._update(
            model,
            "REMOVE staged, halted",
            _staged(refresh) & _FREE,
        )

    def withdraw(self, model: str, refresh: str) -> bool:
        """Remove a refresh that cannot be published, although it is approved."""
        return self._update(
            model,
            "REMOVE staged, approved, halted",
            _staged(refresh),
        )

    def judge(self, model: str, *, verdict: str, score: str, report: str) -> None:
        """Record the result of a quality check, whatever happens to the refresh."""
        self._update(
            model,
            "SET verdict = :verdict, score = :score, report = :report",
            Attr("staged").exists(),
            {":verdict": verdict, ":score": score, ":report": report},
        )

    def approve(self, model: str, refresh: str) -> bool:
        """Approve a refresh: from now on it gets published, even if this run dies."""
        return self._update(
            model,
            "SET approved = :yes REMOVE halted",
            _staged(refresh),
            {":yes": True},
        )

    def exchange(self, model: str, refresh: str, fitter: str) -> bool:
        """Approve another refresh than the staged one: the same without some rows."""
        return self._update(
            model,
            "SET staged = :fitter, approved = :yes REMOVE halted",
            _staged(refresh) & _FREE,
            {":fitter": fitter, ":yes": True},
        )

    def halt(self, model: str, refresh: str, *, reason: str) -> bool:
        """Keep a refresh from its readers."""
        return self._update(
            model,
            "SET halted = :reason",
            _staged(refresh) & _FREE,
            {":reason": reason},
        )

    def finish(self, model: str, refresh: str) -> bool:
        """Move the watermark: readers see all of the refresh."""
        return self._update(
            model,
            "SET published = :refresh REMOVE staged, approved, halted",
            _staged(refresh) & Attr("approved").eq(True),
            {":refresh": refresh},
        )

    def _update(
        self,
        model: str,
        update: str,
        condition: ConditionBase,
        values: Mapping[str, Any] | None = None,
    ) -> bool:
        given = {"ExpressionAttributeValues": dict(values)} if values else {}
        try:
            self._table.update_item(
                Key=dict(refresh_state(model)),
                UpdateExpression=update,
                ConditionExpression=condition,
                **given,
            )
        except self._conflict:
            return False
        return True


_FREE = Attr("approved").not_exists()
"""Condition: nothing is being published."""


def _staged(refresh: str) -> ConditionBase:
    return Attr("staged").eq(refresh)


def _state(model: str, item: Mapping[str, Any]) -> RefreshState:
    return RefreshState(
        model=model,
        published=item.get("published", ""),
        staged=item.get("staged", ""),
        approved=bool(item.get("approved", False)),
        halted=item.get("halted", ""),
        verdict=item.get("verdict", ""),
        score=item.get("score", ""),
        report=item.get("report", ""),
    )
