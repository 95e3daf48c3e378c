"""One playing of one fault: its files, its strikers, what was seen, and the verdict."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from faults.breaking import AtPoint, OfExecutors, Strike, Striker
from faults.judging import ACCOUNTS, Found, Judged, judged
from faults.machine import kill_tree
from faults.making import Made
from faults.points import INGESTION, KINDS, LOAD, Point, chosen
from faults.reading import quarantined
from faults.stage import Sent, Stage
from faults.watching import Poller
from local_cloud.glue.jobs import LocalJobRun
from local_cloud.http.watching import WatchedCall
from wires.layout import quarantined_object

LATEST = "accounts_latest"


@dataclass
class Scene:
    """What a fault is played with."""

    stage: Stage
    dice: Random
    number: int
    """Of the playing in its session: files, rows and accounts of no other one are the same."""
    usual: Mapping[str, int]
    """Calls by kind in runs that go well."""
    sent: list[Sent] = field(default_factory=list)
    struck: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What was done, for people."""
    after: str = ""
    """What was seen right after the fault."""
    may_differ: bool = False

    @property
    def name(self) -> str:
        """Return a prefix of rows and files."""
        return f"f{self.number:03d}"

    @property
    def dataset(self) -> str:
        """Return a dataset that only this playing has."""
        return f"faults_{self.number:03d}"

    def send(self, *files: Made) -> None:
        self.sent += self.stage.send(*files)

    def settle(self) -> None:
        self.stage.platform.settle()

    def point(self, kind: str, *, when: str = "") -> Point:
        """Choose a call of a kind at random."""
        found = chosen(next(k for k in KINDS if k.name == kind), self.usual, self.dice)
        point = Point(kind=found.kind, nth=found.nth, when="before") if when == "before" else found
        self.notes.append(str(point))
        return point

    def within_reach(self, point: Point) -> Point:
        """Return the same point, or the last call of its kind that the latest run came to."""
        count = seen_of(self.stage).get(point.kind.name, point.nth)
        found = Point(kind=point.kind, nth=min(point.nth, count), when=point.when)
        self.notes.append(f"not reached; instead {found}")
        return found

    @contextmanager
    def striking(self, striker: Striker) -> Iterator[None]:
        self.stage.recorder.strikers.append(striker)
        try:
            yield
        finally:
            self.stage.recorder.strikers.remove(striker)

    @contextmanager
    def struck_at(
        self,
        point: Point,
        strike: Strike,
        *,
        ends_caller: bool = False,
        times: int = 1,
        must: bool = True,
    ) -> Iterator[AtPoint]:
        """Strike at a point of the block's runs.

        Raises NotStruckError if none came to it, and one `must`.
        """

        def noted(run: LocalJobRun, call: WatchedCall) -> None:
            strike(run, call)
            self.struck.append(time.monotonic())
            self.after = self.after or self.state()

        striker = AtPoint(self.stage.platform, point, noted, ends_caller=ends_caller, times=times)
        with self.striking(striker):
            yield striker
        if must and not striker.struck:
            raise NotStruckError(f"expected a run to come to the point '{point}', none did")

    @contextmanager
    def struck_outside(
        self, strike: Callable[[WatchedCall], None], *, path: str, nth: int
    ) -> Iterator[None]:
        """Strike at the n-th read below a path by a process that is of no run's session.

        Raises NotStruckError if there was none.
        """

        def noted(call: WatchedCall) -> None:
            strike(call)
            self.struck.append(time.monotonic())
            self.after = self.state()

        striker = OfExecutors(path=path, nth=nth, strike=noted)
        with self.striking(striker):
            yield
        if not self.struck:
            raise NotStruckError(f"expected {nth} reads by executors, there were {striker.count}")

    @contextmanager
    def deployed_at(self, point: Point, *, killing: bool = False) -> Iterator[None]:
        """Deploy the later contracts at a point of the block's runs; go back at its end."""
        arguments = {
            name: dict(self.stage.job(name).default_arguments) for name in (LOAD, INGESTION)
        }

        def strike(run: LocalJobRun, call: WatchedCall) -> None:
            self.stage.deploy_later()
            if killing:
                self.kill(run, call)

        try:
            with self.struck_at(point, strike, ends_caller=killing):
                yield
        finally:
            for name, before in arguments.items():
                self.stage.job(name).default_arguments = before
            self.stage.restore_library()

    def kill(self, run: LocalJobRun, _: WatchedCall) -> None:
        """End the run's processes as if its machine had been switched off."""
        kill_tree(run.process_id)

    def state(self) -> str:
        """Describe what ledger and readers have of the files now."""
        statuses = Counter(str(e.get("status", "?")) for e in self.stage.entries(self.sent))
        rows = sum(
            times
            for table in self.tables()
            for (_, row), times in self.stage.processed().published(table).items()
            if row.startswith(f"{self.name}-")
        )
        told = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))
        return f"{told}; {rows} rows visible"

    def tables(self) -> list[str]:
        """Return the processed tables that the files belong to, known or not yet."""
        return sorted({_dataset_of(one.made.key) for one in self.sent})

    def poller(self) -> Poller:
        stage = self.stage
        names = {self.dataset, ACCOUNTS, *_CONTRACTED}
        processed, curated = stage.processed(), stage.curated()
        return Poller([*((processed, name) for name in sorted(names)), (curated, LATEST)])

    def judge(self, poller: Poller) -> Judged:
        """Compare all that is there now, and all that was seen, with what was sent."""
        stage, tables = self.stage, self.tables()
        processed = stage.processed()
        has_latest = ACCOUNTS in tables
        names = stage.platform.names
        versions = {one.version_id for one in self.sent}
        put_aside = quarantined(
            stage.cloud.client("glue"), stage.cloud.client("s3"), names.quality_database
        )
        return judged(
            Found(
                sent=self.sent,
                entries=stage.entries(self.sent),
                tables={table: processed.published(table) for table in tables},
                quarantined=[row for row in put_aside if row["version_id"] in versions],
                refused=frozenset(self._refused()),
                latest=stage.curated().published(LATEST) if has_latest else None,
                sights=[sight for sight in poller.sights if sight.table in tables],
                latest_sights=[s for s in poller.sights if has_latest and s.table == LATEST],
                may_differ=self.may_differ,
            )
        )

    def _refused(self) -> Iterator[str]:
        """Yield version ids of files that lie in quarantine as a whole, and of broken ones that
        failed."""
        for one, entry in zip(self.sent, self.stage.entries(self.sent), strict=True):
            if one.made.is_broken and entry.get("status") == "failed":
                yield one.version_id
        s3, bucket = self.stage.cloud.client("s3"), self.stage.platform.names.quality_bucket
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix="quarantine/objects/"
        )
        keys = {item["Key"] for page in pages for item in page.get("Contents", ())}
        for one in self.sent:
            version = self.stage.platform.objects.version(one.made.key, one.version_id)
            key = quarantined_object(version.key, version.version_id, version.uploaded_on)
            if f"{key}.reason.json" in keys:
                yield one.version_id


class NotStruckError(Exception):
    """A fault that was to be played did not happen: nothing is proven."""


_CONTRACTED = ("prices", "tariffs")
Play = Callable[[Scene], None]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One kind of fault."""

    name: str
    family: str
    play: Play
    alerts: Sequence[str] = ()
    """Subjects of the alerts that people must get, each by its start; no others may come."""
    strikes: str = LOAD
    """Job of its points, which has to be rehearsed."""
    once: bool = False
    """Whether a session plays it once, however often it is to play faults."""


def seen_of(stage: Stage) -> Mapping[str, int]:
    """Return calls by kind, of each kind those of the last run that had any."""
    found: dict[str, int] = {}
    for kinds in stage.recorder.seen.values():
        found |= kinds
    return found


def _dataset_of(key: str) -> str:
    """Return the dataset of a key of the suite: the folder of its file."""
    return key.split("/")[-2]


def entry_facts(entry: Mapping[str, Any]) -> tuple[str, str]:
    return str(entry.get("status", "")), str(entry.get("reason", ""))
