"""Where a run can be struck: named kinds of calls, and one call among those of a kind. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal

from config.naming import Names
from local_cloud.http.watching import WatchedCall

When = Literal["before", "after"]
LOAD, INGESTION, MERGING, JUDGING, UPKEEP = (
    "file-processor",
    "data-ingestion",
    "data-processing",
    "data-quality",
    "table-maintenance",
)
"""Jobs, by the last part of their names."""
_WRITING = frozenset({"PutObject", "UploadPart", "CompleteMultipartUpload"})


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A part of a run: the calls of which it consists."""

    name: str
    job: str
    what: str
    """For people."""
    holds: Callable[[WatchedCall, Names], bool]

    def has(self, job: str, call: WatchedCall, names: Names) -> bool:
        """Whether a call of a job's run is of this kind."""
        return job == names.of(self.job) and self.holds(call, names)


@dataclass(frozen=True, kw_only=True)
class Point:
    """One call of a kind, before it is served or after."""

    kind: Kind
    nth: int
    """Counted from 1 in the run that is struck."""
    when: When

    def __str__(self) -> str:
        return f"{self.when} {self.kind.what} {self.nth}"


def _reads(bucket: Callable[[Names], str]) -> Callable[[WatchedCall, Names], bool]:
    return lambda call, names: (
        call.operation == "GetObject" and call.path.startswith(f"{bucket(names)}/")
    )


def _is_data(call: WatchedCall, names: Names) -> bool:
    zones = (names.processed_bucket, names.curated_bucket)
    return call.path.startswith(tuple(f"{zone}/" for zone in zones)) and (
        "/metadata/" not in call.path
    )


def _writes_data(call: WatchedCall, names: Names) -> bool:
    return call.operation in _WRITING and _is_data(call, names)


def _puts_aside(call: WatchedCall, names: Names) -> bool:
    return call.operation in _WRITING and call.path.startswith(f"{names.quality_bucket}/")


def _reads_back(call: WatchedCall, names: Names) -> bool:
    zones = (names.processed_bucket, names.curated_bucket, names.quality_bucket)
    mine = call.path.startswith(tuple(f"{zone}/" for zone in zones))
    return call.operation == "GetObject" and mine and "/metadata/" not in call.path


def _commits(call: WatchedCall, names: Names) -> bool:
    """Whether a call is one of those from the record of what is published to the last ledger."""
    if call.service == "s3":
        is_record = call.path.startswith(f"{names.assets_bucket}/") and "lineage" not in call.path
        return call.operation in _WRITING and (is_record or "/metadata/" in call.path)
    changes = {"CreateTable", "UpdateTable", "CreatePartition", "BatchCreatePartition"}
    ledgers = {"UpdateItem", "TransactWriteItems", "PutItem", "DeleteItem"}
    return call.operation in changes | ledgers


def _any(call: WatchedCall, names: Names) -> bool:  # noqa: ARG001 - one of several tests
    return True


def _changes(call: WatchedCall, names: Names) -> bool:  # noqa: ARG001 - one of several tests
    if call.service == "s3":
        return call.operation in _WRITING | {"DeleteObject", "PutObjectTagging"}
    return call.operation.startswith(("Create", "Update", "Put", "Delete", "Transact"))


KINDS: tuple[Kind, ...] = (
    Kind(name="read", job=LOAD, what="read of an original", holds=_reads(lambda n: n.raw_bucket)),
    Kind(name="write", job=LOAD, what="write of a data file", holds=_writes_data),
    Kind(name="aside", job=LOAD, what="write of quarantined rows", holds=_puts_aside),
    Kind(name="audit", job=LOAD, what="read back of what was written", holds=_reads_back),
    Kind(name="commit", job=LOAD, what="change of record, table or ledger", holds=_commits),
    Kind(name="any", job=LOAD, what="call of the load", holds=_any),
    Kind(name="ingest", job=INGESTION, what="call of the layered load", holds=_any),
    Kind(name="merge", job=MERGING, what="call of the merge of latest rows", holds=_any),
    Kind(name="merge write", job=MERGING, what="change by the merge", holds=_changes),
    Kind(name="judge", job=JUDGING, what="call of the gate", holds=_any),
    Kind(name="publish", job=JUDGING, what="change by the gate", holds=_changes),
    Kind(name="maintain", job=UPKEEP, what="call of the upkeep", holds=_any),
    Kind(name="maintain write", job=UPKEEP, what="change by the upkeep", holds=_changes),
)


def chosen(kind: Kind, seen: Mapping[str, int], dice: Random) -> Point:
    """Return a point of a kind at random, by how many of its calls a whole run had."""
    count = seen.get(kind.name, 0)
    if not count:
        raise ValueError(
            f"expected calls of kind '{kind.name}' in a run of {kind.job} that went well, there "
            "were none: the kind does not fit the job any more, change faults/points.py"
        )
    return Point(kind=kind, nth=dice.randint(1, count), when=dice.choice(("before", "after")))
