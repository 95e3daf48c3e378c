"""The source ledger: how far each source has been fetched, and what is about to land.

Items of the state table, one for each stream of a source: what its schedule fetches is one, each
range that people ask for is another, so both go on side by side. A landing is planned, sealed and
closed, each by one conditional write:

- planned: its range is fixed, and is fetched by whoever comes;
- sealed: one attempt's files are the landing, and nobody else's ever will be;
- closed: they have landed, and the stream stands at the end of the range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from wires.errors import SourceStateError
from wires.layout import source_state
from wires.typed_json import TypedJson

_JSON = TypedJson()


@dataclass(frozen=True, kw_only=True)
class Landing:
    """One range of a stream, from its plan on."""

    number: int
    """Counts the stream's landings, from 1."""
    since: str
    """Where the range begins; "" for the beginning of everything."""
    until: str
    """Where it ends, exclusively; "" if that is known only when it is fetched."""
    asked_from: str
    """What the source is asked for: `since`, less the overlap."""
    planned_at: str
    """Time in UTC, whose day the files land under."""
    manifest: str = ""
    """Key in the assets bucket of what lands, once the landing is sealed."""


@dataclass(frozen=True, kw_only=True)
class StreamState:
    """Where a stream stands."""

    number: int = 0
    """Of the last landing that was closed."""
    position: str = ""
    """End of its range; "" before the first."""
    landed_at: str = ""
    open: Landing | None = None
    """The landing that is planned or sealed."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """How often a source has failed in a row."""

    failures: int = 0
    until: str = ""
    """Time in UTC before which it is not asked again; "" if it may be."""
    why: str = ""


_CIRCUIT = "circuit"
"""Beside the streams, none of which is called so."""


class SourceLedger:
    """Reads and writes the streams of one source through a DynamoDB `Table` resource."""

    def __init__(self, table: Any, source: str) -> None:
        self._table = table
        self._source = source
        self._conflict = table.meta.client.exceptions.ConditionalCheckFailedException

    def state(self, stream: str) -> StreamState:
        """Return where a stream stands, read consistently."""
        key = dict(source_state(self._source, stream))
        item = self._table.get_item(Key=key, ConsistentRead=True).get("Item", {})
        return StreamState(
            number=int(item.get("number", 0)),
            position=str(item.get("position", "")),
            landed_at=str(item.get("landed_at", "")),
            open=_landing_of(item["open"]) if "open" in item else None,
        )

    def plan(self, stream: str, landing: Landing) -> Landing:
        """Fix the range of the next landing, unless one is open; returns the open one.

        Raises SourceStateError if the stream has gone on meanwhile.
        """
        try:
            self._update(
                stream,
                set="#open = :open, #number = :before",
                condition="attribute_not_exists(#open) AND "
                "(attribute_not_exists(#number) OR #number = :before)",
                values={":open": _JSON.plain(landing), ":before": landing.number - 1},
                names=("open", "number"),
            )
        except self._conflict:
            return self._opened(stream, landing)
        return landing

    def _opened(self, stream: str, wanted: Landing) -> Landing:
        state = self.state(stream)
        if state.open is None or state.open.number != wanted.number:
            raise SourceStateError(
                f"{self._source}, {stream}: expected landing {wanted.number} to be the next, "
                f"{state.number} have been closed; another run is at work, run it again later"
            )
        return state.open

    def seal(self, stream: str, landing: Landing, manifest: str) -> Landing:
        """Say which files land, once for all; returns the landing as it is sealed.

        That may be with the files of another attempt, which was first.

        Raises SourceStateError if it has been closed meanwhile.
        """
        try:
            self._update(
                stream,
                set="#open.#manifest = :manifest",
                condition="#open.#number = :number AND #open.#manifest = :none",
                values={":manifest": manifest, ":number": landing.number, ":none": ""},
                names=("open", "number", "manifest"),
            )
        except self._conflict:
            return self._opened(stream, landing)
        return replace(landing, manifest=manifest)

    def close(self, stream: str, landing: Landing, *, position: str, landed_at: str) -> None:
        """Move the stream to the end of a landing; saying it again changes nothing.

        Raises SourceStateError if the landing is neither open nor closed.
        """
        try:
            self._update(
                stream,
                set="#number = :number, #position = :position, #landed_at = :at REMOVE #open",
                condition="#open.#number = :number AND #open.#manifest = :manifest",
                values={
                    ":number": landing.number,
                    ":manifest": landing.manifest,
                    ":position": position,
                    ":at": landed_at,
                },
                names=("open", "number", "manifest", "position", "landed_at"),
            )
        except self._conflict:
            if self.state(stream).number < landing.number:
                raise SourceStateError(
                    f"{self._source}, {stream}: expected landing {landing.number} to be sealed "
                    f"by {landing.manifest}, and it is not; its state was changed by hand"
                ) from None

    def abandon(self, stream: str, landing: Landing) -> None:
        """Give a landing up whose files are gone.

        The stream stays where it is, and its next landing has another number, so that its files
        have other keys than those that may have landed.

        Saying it again changes nothing.
        """
        try:
            self._update(
                stream,
                set="#number = :number REMOVE #open",
                condition="#open.#number = :number",
                values={":number": landing.number},
                names=("open", "number"),
            )
        except self._conflict:
            return

    def trouble(self) -> Trouble:
        """Return how often the source has failed in a row."""
        key = dict(source_state(self._source, _CIRCUIT))
        item = self._table.get_item(Key=key, ConsistentRead=True).get("Item", {})
        return Trouble(
            failures=int(item.get("failures", 0)),
            until=str(item.get("until", "")),
            why=str(item.get("why", "")),
        )

    def note_trouble(self, trouble: Trouble) -> None:
        self._table.update_item(
            Key=dict(source_state(self._source, _CIRCUIT)),
            UpdateExpression="SET #failures = :failures, #until = :until, #why = :why",
            ExpressionAttributeNames={f"#{name}": name for name in ("failures", "until", "why")},
            ExpressionAttributeValues={
                ":failures": trouble.failures,
                ":until": trouble.until,
                ":why": trouble.why,
            },
        )

    def _update(
        self,
        stream: str,
        *,
        set: str,  # noqa: A002 - DynamoDB's word
        condition: str,
        values: Mapping[str, Any],
        names: tuple[str, ...],
    ) -> None:
        self._table.update_item(
            Key=dict(source_state(self._source, stream)),
            UpdateExpression=f"SET {set}",
            ConditionExpression=condition,
            ExpressionAttributeNames={f"#{name}": name for name in names},
            ExpressionAttributeValues=dict(values),
        )


def _landing_of(item: Mapping[str, Any]) -> Landing:
    return Landing(**{**item, "number": int(item["number"])})
