"""Compares what was sent with what readers find, and ledgers with both. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from faults.reading import Published
from faults.stage import Sent
from faults.watching import Sight

ACCOUNTS = "accounts"
"""The dataset with a key, of whose rows the latest ones are a table."""
_ENDED = frozenset({"published", "empty", "ignored", "rejected", "failed"})


@dataclass(frozen=True, kw_only=True)
class Found:
    """All that was found about the files of one fault, once everything had ended."""

    sent: Sequence[Sent]
    entries: Sequence[Mapping[str, Any]]
    """Of the object ledger, in the order of the files."""
    tables: Mapping[str, Published]
    """The processed tables of the files, by name."""
    quarantined: Sequence[Mapping[str, Any]]
    """All quarantined rows of these files."""
    refused: frozenset[str]
    """Version ids of files of which a reason lies in quarantine, and of broken ones that failed,
    which are kept where they were uploaded."""
    latest: Published | None
    """The latest rows, where the files are of a dataset with a key."""
    sights: Sequence[Sight]
    latest_sights: Sequence[Sight]
    may_differ: bool
    """Whether rows may be published or put aside, by whichever contract was used."""


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Counts by independent readers."""

    objects: int
    rows_in: int
    published: int
    quarantined: int
    refused: int
    """Rows of files that were refused as a whole."""
    superseded: int
    """Published rows that are not among the latest ones."""
    lost: int
    doubled: int


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The sums, and all that is not as it must be."""

    sums: Sums
    wrong: tuple[str, ...]


def judged(found: Found) -> Judged:
    """Count what became of each row, by its id."""
    counts = _Counts(found)
    return Judged(sums=counts.sums(), wrong=tuple(counts.wrong()))


class _Counts:
    def __init__(self, found: Found) -> None:
        self._found = found
        self._published: Counter[str] = Counter()
        for rows in found.tables.values():
            for (_, row), times in rows.items():
                self._published[row] += times
        self._aside = Counter(_id_of(row) for row in found.quarantined)
        self._refused = {
            row
            for one in found.sent
            if one.version_id in found.refused
            for row in one.made.good | one.made.bad
        }

    def sums(self) -> Sums:
        sent = self._all()
        places = {
            row: self._published[row] + self._aside[row] + (row in self._refused) for row in sent
        }
        published = sum(self._published[row] for row in sent)
        latest = self._found.latest
        return Sums(
            objects=len(self._found.sent),
            rows_in=len(sent),
            published=published,
            quarantined=sum(self._aside[row] for row in sent),
            refused=len(self._refused),
            superseded=self._keyed_rows() - len(self._latest_ids()) if latest is not None else 0,
            lost=sum(count == 0 for count in places.values()),
            doubled=sum(count > 1 for count in places.values()),
        )

    def wrong(self) -> Iterator[str]:
        sums = self.sums()
        if sums.lost:
            lost = [r for r in self._all() if not self._published[r] + self._aside[r]]
            yield f"{sums.lost} rows are lost, such as {sorted(set(lost) - self._refused)[:3]}"
        if sums.doubled:
            yield f"{sums.doubled} rows are there more than once"
        if sums.rows_in != sums.published + sums.quarantined + sums.refused:
            yield "rows in are not rows published, put aside and refused"
        yield from self._by_ledger()
        yield from self._by_place()
        yield from self._snapshots()
        yield from self._latest()

    def _all(self) -> set[str]:
        return {row for one in self._found.sent for row in one.made.good | one.made.bad}

    def _by_ledger(self) -> Iterator[str]:
        """Compare the ledger's counts of each file with the readers'."""
        by_version = Counter(row["version_id"] for row in self._found.quarantined)
        for one, entry in zip(self._found.sent, self._found.entries, strict=True):
            key, status = one.made.key, entry.get("status", "not registered")
            if status not in _ENDED:
                yield f"{key} has not ended: {status}"
                continue
            rows = one.made.good | one.made.bad
            readers = (sum(self._published[row] for row in rows), by_version[one.version_id])
            ledger = (int(entry.get("rows_published", 0)), int(entry.get("rows_quarantined", 0)))
            if readers != ledger:
                yield f"{key}: published and put aside {ledger} by the ledger, {readers} by readers"
            rows_in = int(entry.get("rows_in", 0))
            if status == "published" and rows_in != sum(ledger):
                yield f"{key}: {rows_in} rows in, and {ledger} by the ledger"
            if status in {"rejected", "failed"} and any(ledger):
                yield f"{key} is {status}, with rows {ledger}"

    def _by_place(self) -> Iterator[str]:
        """Check that good rows are published, and bad ones put aside."""
        for one, entry in zip(self._found.sent, self._found.entries, strict=True):
            if one.made.is_broken or self._found.may_differ:
                continue
            if entry.get("status") != "published":
                reason = entry.get("reason", "")
                yield f"{one.made.key} is {entry.get('status')} though it is whole: {reason}"
            wrong = sum(self._published[row] != 1 for row in one.made.good)
            aside = sum(self._aside[row] != 1 for row in one.made.bad)
            if wrong or aside:
                yield f"{one.made.key}: {wrong} good rows not published, {aside} bad not put aside"

    def _snapshots(self) -> Iterator[str]:
        """Check that each snapshot that was seen has whole loads only."""
        final = {table: _by_load(rows) for table, rows in self._found.tables.items()}
        for sight in self._found.sights:
            for load, rows in _by_load(sight.rows).items():
                if rows != final[sight.table].get(load, Counter()):
                    had, has = rows.total(), final[sight.table].get(load, Counter()).total()
                    yield f"a snapshot of {sight.table} had {had} of {has} rows of load {load}"

    def _latest_ids(self) -> set[str]:
        latest = self._found.latest or Counter()
        return {row for _, row in latest} & self._all()

    def _latest(self) -> Iterator[str]:
        if self._found.latest is None:
            return
        loads = self._rows_by_load()
        states = [
            latest_of(row for load in some for row in loads[load])
            for size in range(len(loads) + 1)
            for some in combinations(sorted(loads), size)
        ]
        for sight in self._found.latest_sights:
            seen = Counter(
                {row: times for (_, row), times in sight.rows.items() if row in self._all()}
            )
            if dict(seen) not in [dict.fromkeys(state, 1) for state in states]:
                yield f"a snapshot of {sight.table} had {seen.total()} rows: of no whole loads"
        if self._latest_ids() != states[-1]:
            yield f"{len(self._latest_ids())} latest rows instead of {len(states[-1])}"

    def _rows_by_load(self) -> Mapping[str, list[Mapping[str, Any]]]:
        found: dict[str, list[Mapping[str, Any]]] = {}
        for one, entry in zip(self._found.sent, self._found.entries, strict=True):
            if entry.get("dataset") == ACCOUNTS:
                found.setdefault(str(entry.get("load_id")), []).extend(one.made.rows)
        return found

    def _keyed_rows(self) -> int:
        """Return how many rows are published of which the latest ones count."""
        rows = (str(row["id"]) for own in self._rows_by_load().values() for row in own)
        return sum(self._published[row] for row in rows)


def latest_of(rows: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the ids of the latest row of each account."""
    found: dict[int, Mapping[str, Any]] = {}
    for row in rows:
        if row["seq"] >= found.get(row["account"], row)["seq"]:
            found[row["account"]] = row
    return {str(row["id"]) for row in found.values()}


def _id_of(row: Mapping[str, Any]) -> str:
    """Return the id that a quarantined row begins with, in CSV or in JSON."""
    return str(row["raw"]).partition(",")[0].rpartition('"id": "')[2].strip('"')


def _by_load(rows: Published) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for (load, row), times in rows.items():
        found.setdefault(load, Counter())[row] = times
    return found
