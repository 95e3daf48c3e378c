"""An estate where everything agrees, and damages of each class that can be done to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pyiceberg.manifest import DataFile

from iceberg.manifests import live_files
from operations.reconciling.report import Kind
from tests.operations.estates import SmallEstate
from tests.operations.lakes import Lake
from wires.layout import refresh_records, table_model
from wires.load_ledger import LoadState
from wires.object_ledger import ObjectStatus
from wires.refresh_ledger import RefreshLedger

Told = tuple[Kind, str]
"""Class of a damage, and what it is called."""


def place_of(path: str) -> tuple[str, str]:
    bucket, _, key = path.removeprefix("s3://").partition("/")
    return bucket, key


@dataclass(frozen=True)
class Damage:
    """Something that goes wrong."""

    do: Callable[[Damaged], Told]
    can_be_repaired: bool


@dataclass
class Damaged:
    """A small estate with two datasets, and what was done to it."""

    small: SmallEstate
    loads: dict[str, list[str]] = field(default_factory=dict)
    """Of each dataset."""
    count: int = 0
    DAMAGES: ClassVar[dict[str, Damage]] = {}

    def __post_init__(self) -> None:
        names, glue = self.small.names, self.small.glue
        self.processed = Lake.of(glue, names.processed_database, names.processed_bucket)
        self.curated = Lake.of(glue, names.curated_database, names.curated_bucket)

    def make_whole(self, loads: int = 2) -> None:
        """Loads of two datasets, uploads that ended otherwise, and a load at work."""
        for dataset in ("orders", "customers"):
            self.loads[dataset] = [self.published(dataset) for _ in range(loads)]
        small = self.small
        small.registered("empty.csv", ObjectStatus.EMPTY)
        small.registered("refused.csv", ObjectStatus.REJECTED, reason="no CSV")
        gone = small.registered("gone.csv", ObjectStatus.IGNORED, reason="deleted before")
        small.s3.delete_object(
            Bucket=small.names.raw_bucket, Key=gone.key, VersionId=gone.version_id
        )
        small.registered("bidi-\u202egpj.csv", ObjectStatus.REJECTED, reason="reverses")
        working = small.registered("working.csv", ObjectStatus.PENDING)
        load_id = small.load([working], LoadState.RUNNING)
        small.end(working, ObjectStatus.RUNNING, load_id=load_id)
        # It waits its turn, since a load of its route is at work.
        small.registered("waiting.csv", ObjectStatus.PENDING)
        given_up = small.registered("given-up.csv", ObjectStatus.PENDING)
        load_id = small.load([given_up], LoadState.FAILED)
        small.end(given_up, ObjectStatus.FAILED, load_id=load_id)
        small.end_run(load_id)

    def published(self, dataset: str) -> str:
        """A load with two uploads whose rows are in the table."""
        small = self.small
        self.count += 1
        keys = [f"{dataset}/{self.count}-{i}.csv" for i in range(2)]
        versions = [small.registered(key, ObjectStatus.PENDING) for key in keys]
        load_id = small.load(versions, LoadState.PUBLISHED)
        self.processed.publish(dataset, load_id, files=2)
        for version in versions:
            small.end(version, ObjectStatus.PUBLISHED, load_id=load_id, dataset=dataset, rows=3)
        return load_id

    def damage(self, name: str) -> Told:
        self.count += 1
        return self.DAMAGES[name].do(self)

    def key(self) -> str:
        self.count += 1
        return f"damaged/{self.count}.csv"

    def live(self, dataset: str) -> list[DataFile]:
        return live_files(self.processed.made(dataset))

    def body(self, path: str) -> bytes:
        bucket, key = place_of(path)
        return bytes(self.small.s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    def forget_snapshots(self, dataset: str) -> None:
        """Let all snapshots but the current one expire."""
        table = self.processed.made(dataset)
        current = table.metadata.current_snapshot_id
        gone = [s.snapshot_id for s in table.metadata.snapshots if s.snapshot_id != current]
        table.maintenance.expire_snapshots().by_ids(gone).commit()

    def tags(self) -> list[Any]:
        s3, bucket = self.small.s3, self.small.names.processed_bucket
        keys = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]
        return [(k, s3.get_object_tagging(Bucket=bucket, Key=k)["TagSet"]) for k in sorted(keys)]


def damage(name: str, *, can_be_repaired: bool) -> Callable[[Callable[[Damaged], Told]], None]:
    def enter(do: Callable[[Damaged], Told]) -> None:
        Damaged.DAMAGES[name] = Damage(do, can_be_repaired)

    return enter


def told(version: Any) -> str:
    return f"{version.key} version {version.version_id}"


@damage("an upload that nobody knows", can_be_repaired=True)
def _(made: Damaged) -> Told:
    return Kind.UNKNOWN, told(made.small.upload(made.key()))


@damage("an older version that nobody knows", can_be_repaired=True)
def _(made: Damaged) -> Told:
    key = made.key()
    unknown = made.small.upload(key, b"a\n0\n")
    made.small.registered(key, ObjectStatus.EMPTY)
    return Kind.UNKNOWN, told(unknown)


@damage("a published original that is deleted", can_be_repaired=False)
def _(made: Damaged) -> Told:
    return _deleted(made, ObjectStatus.PUBLISHED)


@damage("a rejected original that is deleted", can_be_repaired=False)
def _(made: Damaged) -> Told:
    return _deleted(made, ObjectStatus.REJECTED)


def _deleted(made: Damaged, status: ObjectStatus) -> Told:
    small = made.small
    version = small.registered(made.key(), status)
    small.s3.delete_object(
        Bucket=small.names.raw_bucket, Key=version.key, VersionId=version.version_id
    )
    return Kind.MISSING, told(version)


@damage("an upload whose load was withdrawn", can_be_repaired=True)
def _(made: Damaged) -> Told:
    small = made.small
    version = small.registered(made.key(), ObjectStatus.PENDING)
    small.end(version, ObjectStatus.RUNNING, load_id="0123456789abcdef")
    return Kind.STUCK, told(version)


@damage("an upload that runs in a load that was given up", can_be_repaired=True)
def _(made: Damaged) -> Told:
    version, _ = _running(made, LoadState.FAILED)
    return Kind.STUCK, version


@damage("an upload that runs in a load that was given up after its commit", can_be_repaired=True)
def _(made: Damaged) -> Told:
    version, _ = _running(made, LoadState.FAILED, committed=True)
    return Kind.STUCK, version


@damage("an upload that runs in a published load", can_be_repaired=False)
def _(made: Damaged) -> Told:
    version, _ = _running(made, LoadState.PUBLISHED)
    return Kind.STUCK, version


def _running(made: Damaged, state: LoadState, *, committed: bool = False) -> tuple[str, str]:
    small = made.small
    version = small.registered(made.key(), ObjectStatus.PENDING)
    load_id = small.load([version], state, committed=committed)
    small.end(version, ObjectStatus.RUNNING, load_id=load_id)
    return told(version), load_id


@damage("an upload that no dispatcher sees", can_be_repaired=True)
def _(made: Damaged) -> Told:
    small = made.small
    version = small.registered(made.key(), ObjectStatus.PENDING)
    small.estate.table(small.names.objects_table).update_item(
        Key={"key": version.key, "version_id": version.version_id},
        UpdateExpression="REMOVE pending_in",
    )
    return Kind.STUCK, told(version)


@damage("a load whose run Glue has forgotten", can_be_repaired=True)
def _(made: Damaged) -> Told:
    _, load_id = _running(made, LoadState.RUNNING)
    _set_load(made, load_id, "SET run_id = :it, claimed_by = :it", {":it": "jr_forgotten"})
    return Kind.STUCK, f"load {load_id}"


@damage("a load without a run", can_be_repaired=True)
def _(made: Damaged) -> Told:
    _, load_id = _running(made, LoadState.RUNNING)
    _set_load(made, load_id, "REMOVE run_id, claimed_by")
    return Kind.STUCK, f"load {load_id}"


@damage("a load that no dispatcher sees", can_be_repaired=True)
def _(made: Damaged) -> Told:
    small = made.small
    version = small.registered(made.key(), ObjectStatus.PENDING)
    load_id = small.load([version], LoadState.READY, has_run=False)
    small.end(version, ObjectStatus.RUNNING, load_id=load_id)
    _set_load(made, load_id, "REMOVE open_in")
    return Kind.STUCK, f"load {load_id}"


def _set_load(
    made: Damaged, load_id: str, update: str, values: dict[str, str] | None = None
) -> None:
    given = {"ExpressionAttributeValues": values} if values else {}
    made.small.estate.table(made.small.names.loads_table).update_item(
        Key={"load_id": load_id}, UpdateExpression=update, **given
    )


@damage("a published load that its table does not know", can_be_repaired=False)
def _(made: Damaged) -> Told:
    return _published_nowhere(made, "orders")


@damage("a published load whose table is dropped", can_be_repaired=False)
def _(made: Damaged) -> Told:
    return _published_nowhere(made, f"dropped_{made.count}")


def _published_nowhere(made: Damaged, dataset: str) -> Told:
    small = made.small
    version = small.registered(made.key(), ObjectStatus.PENDING)
    load_id = small.load([version], LoadState.PUBLISHED)
    small.end(version, ObjectStatus.PUBLISHED, load_id=load_id, dataset=dataset, rows=1)
    return Kind.GONE, f"load {load_id} in {dataset}"


@damage("a refresh whose record is deleted", can_be_repaired=False)
def _(made: Damaged) -> Told:
    small = made.small
    state = small.estate.table(small.names.state_table)
    model = table_model(f"daily_{made.count}")
    RefreshLedger(state).stage(model, f"{refresh_records(model, 'r1')}x.json")
    return Kind.GONE, f"refresh of {model}"


@damage("a file of a table that is deleted", can_be_repaired=False)
def _(made: Damaged) -> Told:
    path = _some_file(made)
    bucket, key = place_of(path)
    made.small.s3.delete_object(Bucket=bucket, Key=key)
    return Kind.GONE, path


@damage("a file of a table that is cut short", can_be_repaired=False)
def _(made: Damaged) -> Told:
    path = _some_file(made)
    bucket, key = place_of(path)
    made.small.s3.put_object(Bucket=bucket, Key=key, Body=made.body(path)[:-1])
    return Kind.GONE, path


def _some_file(made: Damaged) -> str:
    """A file that no other damage takes."""
    load_id = made.published("customers")
    return next(f.file_path for f in made.live("customers") if load_id in f.file_path)


@damage("a file that nobody has committed", can_be_repaired=True)
def _(made: Damaged) -> Told:
    file = made.processed.file("orders", f"dead{made.count}")
    return Kind.UNUSED, file.file_path
