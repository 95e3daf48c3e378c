"""Fetches a stream of a source, range by range, and lands each range exactly once.

1. The next range is fixed in the ledger.
2. Its rows go to files in a staging folder, which nothing listens to. A run that is killed here
   leaves nothing behind that anybody sees; the next one fetches the same range anew.
3. A manifest names the staged files and their keys, and is sealed into the ledger: from now on
   these files are the landing, however often a run is killed.
4. They are put under their keys, each unless it is there.
5. The stream moves to the end of the range, and the staging folder is cleared.

Every step may be done twice, or by two runs at once: one plan and one seal are the first.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.circuit import Circuit
from connectors.errors import SourceFailed, StagedFilesGone
from connectors.filling import Filling
from connectors.landing import Place
from connectors.manifest import LandingManifest
from connectors.order import Order
from connectors.pages import Connector, Page
from connectors.report import FetchReport, Landed
from connectors.staging import StagedFiles, Staging, keys_in
from connectors.staging_of import staging_of
from wires.layout import (
    landing_manifest,
    source_turn,
    staged_file,
    staged_keys,
    staged_keys_of,
    staged_landing,
    staged_stream,
)
from wires.lease import Leases
from wires.positions import Span, next_span
from wires.routes import landed_object
from wires.source_ledger import Landing, SourceLedger, StreamState
from wires.sources import Mode, Source

TURN_SECONDS = 900
"""A killed run keeps others from its stream for so long, and no longer."""
_TOLD_EVERY = 50_000
"""Rows between words about how far a run has got."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(kw_only=True)
class Fetch:
    """Fetches one source."""

    source: Source
    connector: Connector
    ledger: SourceLedger
    leases: Leases
    place: Place
    say: Callable[[str], Any]
    now: Callable[[], datetime] = _utc_now
    owner: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Names this run's attempts and its lease."""

    def run(self, order: Order) -> FetchReport:
        """Fetch what there is to fetch, and say what has landed.

        Raises ConnectorError if the source or the order does not allow it; what has landed before
        stays landed. A range that people ask for, or a run with `again`, asks a source that is
        otherwise left alone.
        """
        if order.is_range or order.limit:
            return self._run(order)
        circuit = Circuit(ledger=self.ledger, now=self.now)
        before = self.ledger.trouble() if order.again else circuit.demand_closed()
        try:
            report = self._run(order)
        except SourceFailed as error:
            circuit.note_failure(before, str(error))
            raise
        circuit.note_success(before)
        return report

    def _run(self, order: Order) -> FetchReport:
        stream = order.stream(self.source.mode)
        with self._turn(stream) as is_ours:
            if not is_ours:
                note = "another run is fetching this; it goes on, and this one has nothing to do"
                return FetchReport(source=self.source.name, stream=stream, note=note)
            run = _Run(self, order, stream)
            landed = tuple(run.landings())
            return FetchReport(source=self.source.name, stream=stream, landed=landed, note=run.note)

    @contextmanager
    def _turn(self, stream: str) -> Iterator[bool]:
        name = source_turn(self.source.name, stream)
        if not self.leases.take(name, owner=self.owner, seconds=TURN_SECONDS):
            yield False
            return
        try:
            yield True
        finally:
            self.leases.give_back(name, owner=self.owner)

    def keep_turn(self, stream: str) -> None:
        """Raises SourceFailed if this run stood still for so long that another has begun."""
        name = source_turn(self.source.name, stream)
        if not self.leases.keep(name, owner=self.owner, seconds=TURN_SECONDS):
            raise SourceFailed(
                f"{self.source.name}: this run stood still for more than {TURN_SECONDS} s, and "
                "another one is fetching the range now; nothing is lost"
            )


class _Run:
    """One run over one stream."""

    def __init__(self, fetch: Fetch, order: Order, stream: str) -> None:
        self._fetch = fetch
        self._source = fetch.source
        self._order = order
        self._stream = stream
        # Fixed, or each landing would be followed by one of the seconds that it took.
        self._began = fetch.now()
        self.note = ""

    def landings(self) -> Iterator[Landed]:
        """Bring landings to their ends until nothing is left to fetch, or the time is over."""
        while landing := self._next():
            is_resumed = bool(landing.manifest)
            sealed = landing if is_resumed else self._sealed(landing)
            try:
                yield self._landed(sealed, is_resumed)
            except StagedFilesGone:
                if not self._order.again:
                    raise
                self._fetch.ledger.abandon(self._stream, sealed)
                self._fetch.say(f"landing {sealed.number} is given up; its range is fetched anew")
                continue
            if not is_resumed and (self._is_enough() or self._is_cut_short(sealed)):
                return

    def _next(self) -> Landing | None:
        """Return the open landing, or plan the next one; None if there is nothing to fetch."""
        state = self._fetch.ledger.state(self._stream)
        if state.open:
            return state.open
        span = self._span_after(state)
        if span is None:
            return None
        planned = Landing(
            number=state.number + 1,
            since=span.since,
            until=span.until,
            asked_from=span.asked_from,
            planned_at=self._began.isoformat(),
        )
        return self._fetch.ledger.plan(self._stream, planned)

    def _span_after(self, state: StreamState) -> Span | None:
        order, cursor = self._order, self._source.cursor
        if cursor is None:
            return Span(since="", until="", asked_from="")
        if order.limit:
            return Span(
                since=order.since or cursor.start, until=order.until, asked_from=order.since
            )
        position = state.position
        if order.until and position == order.until:
            if not order.again:
                self.note = (
                    f"this range has landed at {state.landed_at}; --again fetches it once more"
                )
                return None
            order = self._order = Order(since=order.since, until=order.until)
            position = ""
        begin = position or order.since
        if order.is_range:  # nobody looks back in it
            cursor = replace(cursor, overlap=0)
        span = next_span(cursor, position, now=self._began, end=order.until, begin=order.since)
        if span is None and not self.note:
            self.note = f"nothing is due after {begin or 'the beginning'}"
        return span

    def _is_enough(self) -> bool:
        cursor = self._source.cursor
        if cursor is None or not cursor.type.is_clock or self._order.limit:
            return True
        minutes = self._source.limits.minutes
        if self._fetch.now() - self._began < timedelta(minutes=minutes):
            return False
        self.note = f"{minutes} minutes are over; the next run goes on from here"
        return True

    def _is_cut_short(self, landing: Landing) -> bool:
        """Whether the source has not got as far yet as it was asked for: a later run goes on."""
        return self._fetch.ledger.state(self._stream).position != landing.until

    def _sealed(self, landing: Landing) -> Landing:
        """Fetch and stage a landing's rows; returns it with the attempt that is to land."""
        folder = f"{self._folder(landing)}{self._fetch.owner}/"
        filling = Filling(self._source, landing, limit=self._order.limit)
        self._say_range(landing)
        span = Span(since=landing.since, until=landing.until, asked_from=landing.asked_from)
        with closing(self._fetch.connector.pages(span)) as pages:
            staging = self._staged(filling, self._watched(pages), landing, folder)
        self._fetch.keep_turn(self._stream)
        manifest = self._manifest(filling, staging)
        key = landing_manifest(folder)
        self._fetch.place.write_manifest(key, manifest)
        return self._fetch.ledger.seal(self._stream, landing, key)

    def _staged(
        self, filling: Filling, pages: Iterator[Page], landing: Landing, folder: str
    ) -> StagedFiles:
        kind = staging_of(self._source)
        staging = kind(
            self._fetch.place.s3,
            self._fetch.place.assets_bucket,
            limits=self._source.limits,
            name=lambda part: (staged_file(folder, part), self._key(landing, part, kind.ending)),
        )
        self._compare(staging, landing)
        parts = filling.rows_of(pages) if kind is Staging else filling.batches_of(pages)
        for part in parts:
            before = staging.rows
            staging.add(part)
            if staging.rows // _TOLD_EVERY > before // _TOLD_EVERY:
                self._fetch.say(f"{staging.rows:,} rows so far")
        staging.finish()
        return staging

    def _compare(self, staging: StagedFiles, landing: Landing) -> None:
        """Have all rows compared with those that landed last, where the source wants that."""
        database = self._source.database
        if database is None or self._source.mode is not Mode.CHANGED:
            return
        before = "" if self._order.again else self._fetch.ledger.state(self._stream).position
        keys = staged_keys(self._source.name, self._stream, landing.number)
        staging.compare_with(before, key=database.key, folder=f"{keys}{self._fetch.owner}/")

    def _manifest(self, filling: Filling, staging: StagedFiles) -> LandingManifest:
        manifest = LandingManifest(
            position=filling.position,
            rows=staging.rows,
            left_for_later=filling.left_for_later,
            files=tuple(staging.files),
        )
        difference = staging.difference()
        if difference is None:
            return manifest
        if difference.is_same:
            self.note = f"nothing has changed among {staging.rows:,} rows, so nothing lands"
            return replace(manifest, position=difference.state, rows=0, files=())
        if difference.gone:
            more = ", …" if difference.gone > len(difference.named) else ""
            named = f"{'; '.join(difference.named)}{more}"
            self.note = f"{difference.gone:,} rows have gone since the last time: {named}"
        return replace(manifest, position=difference.state)

    def _watched(self, pages: Iterator[Page]) -> Iterator[Page]:
        for page in pages:
            self._fetch.keep_turn(self._stream)
            yield page

    def _landed(self, landing: Landing, is_resumed: bool) -> Landed:
        place = self._fetch.place
        manifest = place.read_manifest(landing.manifest)
        place.land(manifest)
        self._fetch.ledger.close(
            self._stream,
            landing,
            position=manifest.position,
            landed_at=self._fetch.now().isoformat(timespec="seconds"),
        )
        # Also what attempts at earlier landings have left that were killed right here.
        folder = staged_stream(self._source.name, self._stream)
        place.clear(folder, before=self._folder(landing, later=1))
        if self._source.mode is Mode.CHANGED:
            self._clear_keys(landing, manifest)
        return Landed(
            number=landing.number,
            since=landing.since,
            position=manifest.position,
            rows=manifest.rows,
            left_for_later=manifest.left_for_later,
            keys=tuple(file.key for file in manifest.files),
            is_resumed=is_resumed,
        )

    def _clear_keys(self, landing: Landing, manifest: LandingManifest) -> None:
        """Remove the keys of all rows but of those that the next ones are compared with."""
        name, stream = self._source.name, self._stream
        self._fetch.place.clear(
            staged_keys_of(name, stream),
            before=staged_keys(name, stream, landing.number + 1),
            but=keys_in(manifest.position),
        )

    def _folder(self, landing: Landing, *, later: int = 0) -> str:
        return staged_landing(self._source.name, self._stream, landing.number + later)

    def _key(self, landing: Landing, part: int, ending: str) -> str:
        """Return the key of a file, which says where it is from and what is in it."""
        words = [
            self._source.name,
            self._order.word(self._source.mode),
            f"{landing.number:06d}",
            *filter(None, map(_compact, (landing.since, landing.until))),
            f"{part:04d}",
        ]
        day = datetime.fromisoformat(landing.planned_at).date()
        return landed_object(day, self._source.dataset, f"{'-'.join(words)}.{ending}")

    def _say_range(self, landing: Landing) -> None:
        begin, end = landing.since or "the beginning", landing.until or "the end"
        back = f", asked from {landing.asked_from}" if landing.asked_from != landing.since else ""
        self._fetch.say(f"fetching {self._source.name} from {begin} to {end}{back}")


def _compact(position: str) -> str:
    """Spell `2026-01-15T10:00:00.000000Z` as `20260115T100000000000Z`, for keys."""
    return re.sub("[^0-9A-Za-z]", "", position)[:40]
