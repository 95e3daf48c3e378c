"""All Glue jobs, from which names, roles, exports, grants, template and alerts are derived.

Local runs use them as well. A job is a `JobSpec` here and a script `glue_scripts/<name>.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import overload

from config.construct_ids import construct_id
from config.exports import Export
from config.settings import JobSettings, JobSize, Settings
from wires.alerts import Topic
from wires.job_arguments import (
    HealthCheckDefaults,
    JobDefaults,
    LegislatorsDefaults,
    LoadDefaults,
    MaintenanceDefaults,
    ReconciliationDefaults,
)
from wires.layout import (
    LOADS,
    QUALITY_RECORDS,
    QUALITY_TABLES,
    QUARANTINE,
    REFRESHES,
    table_folder,
)
from wires.quarantine import ROWS_TABLE
from wires.routes import INCOMING, LEGISLATORS, LEGISLATORS_TABLE
from wires.sources import Source


class Zone(Enum):
    """A bucket, the reason why its keys cannot be listed in advance, and its tables' database."""

    RAW = (Export.RAW_BUCKET_NAME, "originals, which are named by their uploads", None)
    PROCESSED = (
        Export.PROCESSED_BUCKET_NAME,
        "folders that are named by datasets",
        Export.PROCESSED_DATABASE_NAME,
    )
    CURATED = (
        Export.CURATED_BUCKET_NAME,
        "folders that are named by curated tables",
        Export.CURATED_DATABASE_NAME,
    )
    QUALITY = (
        Export.QUALITY_BUCKET_NAME,
        "what is put aside or reported, by dataset and table",
        Export.QUALITY_DATABASE_NAME,
    )
    ASSETS = (Export.ASSETS_BUCKET_NAME, "records of loads and refreshes, under their ids", None)

    def __init__(self, bucket: Export, holds: str, database: Export | None) -> None:
        self.bucket = bucket
        self.holds = holds
        self._database = database

    @property
    def database(self) -> Export:
        """The zone's database. Raises ValueError for a zone without tables."""
        if self._database is None:
            raise ValueError(f"zone {self.name.lower()} has no database")
        return self._database


@dataclass(frozen=True)
class Objects:
    """Objects of a zone whose keys match a pattern."""

    zone: Zone
    under: str = "*"


class State(Enum):
    """Data that a job keeps in the state tables in addition to its runs."""

    LOADS = "objects, loads, turns at tables, whom names belong to"
    REFRESHES = "where curated tables and datasets stand"
    MAINTENANCE = "turns at tables; it looks at where curated tables stand"
    CHECKS = "notes of health checks; it removes what the ledgers have of its own uploads"
    FINDINGS = "what people know of findings; it looks at everything that there is"
    SOURCE = "how far its source has been fetched"


class Tables(Enum):
    """Permissions of a job for tables of the catalog."""

    READ = "look at them"
    KEEP = "make and change Iceberg tables"
    CHANGE = "change Iceberg tables that are there"
    KEEP_PARTITIONED = "make tables of folders, and their partitions"
    DROP = "remove those that are made anew"


def _once(_: Settings) -> int:
    return 1


def _never(_: Settings) -> bool:
    return False


def _nothing(_: Settings) -> Mapping[str, object]:
    return {}


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """One Glue job; the defaults fit a job without special logic."""

    name: str
    """The name of its script; with hyphens in physical names."""
    description: str
    size: Callable[[Settings], JobSize] | None = None
    """Returns its size; by default that of `jobs.<name>`, or else `usual`: two small workers."""
    script: str = ""
    """The name of its script, where several jobs share one."""
    usual: JobSettings = field(default_factory=JobSettings)
    """Its size and schedule where neither `size` nor `jobs.<name>` says anything."""
    source: Source | None = None
    """What it fetches, which its library has beside its packages."""
    connection: str = ""
    """A Glue connection that is there already, instead of the environment's network."""
    removes: tuple[Objects, ...] = ()
    schedule: Callable[[Settings], str] | None = None
    """Returns its schedule, with the same default: `cron(…)` in UTC, or empty.

    Without a schedule, uploads, the workflow or people start it.
    """
    runs_at_once: Callable[[Settings], int] = _once
    arguments: type[JobDefaults] = JobDefaults
    own_arguments: Callable[[Settings], Mapping[str, object]] = _nothing
    """Returns values of arguments that other jobs do not have."""
    reads: tuple[Objects, ...] = ()
    writes: tuple[Objects, ...] = ()
    tables: Mapping[Zone, tuple[Tables, ...]] = field(default_factory=dict)
    only_tables: Mapping[Zone, tuple[str, ...]] = field(default_factory=dict)
    """Names of its tables in a zone, or patterns of them, where they are known in advance."""
    state: State | None = None
    announces: tuple[Topic, ...] = ()
    """Topics to which it sends alerts itself."""
    takes_loads: bool = False
    """Whether the dispatcher starts it for loads, which have attempts and report failures.

    A failed run of any other job is an alert.
    """
    runs_optimizers: Callable[[Settings], bool] = _never
    """Returns whether Glue's table optimizers act with its role."""
    uploads: str = "*"
    """Pattern of the keys of uploads that its loads have, whose ledger entries it keeps."""
    repairs: Callable[[Settings], bool] = _never
    """Returns whether it repairs what it finds, for jobs of state FINDINGS."""
    packages: tuple[str, ...] = ()
    """Folders of this repository whose modules it has besides the library, in a zip that other jobs
    do not have: their code stays the same when these change."""
    waits_for_runs: bool = False
    """Whether its runs wait for runs of other jobs, and are idle meanwhile.

    On a laptop, whose runs take turns, they take no room from those that they wait for.
    """
    in_workflow: bool = False
    """Whether it asks the workflow's run what it is to do, as the workflow's first step does."""

    @property
    def id(self) -> str:
        """The name of its constructs: `file_processor` → `FileProcessor`."""
        return construct_id(self.name)

    @property
    def script_name(self) -> str:
        return self.script or self.name

    @property
    def role_export(self) -> str:
        return f"{self.id}RoleName"

    def size_in(self, settings: Settings) -> JobSize:
        return self.size(settings) if self.size else self._settings(settings)

    def schedule_in(self, settings: Settings) -> str:
        return self.schedule(settings) if self.schedule else self._settings(settings).schedule

    def _settings(self, settings: Settings) -> JobSettings:
        return settings.jobs.get(self.name) or self.usual


_STAGED = Objects(Zone.ASSETS, f"{REFRESHES}*")
_BROKEN_ROWS = Objects(Zone.QUALITY, f"{QUARANTINE}*")


def _load_job(
    name: str,
    description: str,
    *,
    size: Callable[[Settings], JobSize],
    runs_at_once: Callable[[Settings], int] = _once,
    uploads: str = "*",
    in_workflow: bool = False,
) -> JobSpec:
    """Return a job that turns originals into processed tables.

    There are two, one for each route of uploads.
    """
    return JobSpec(
        name=name,
        description=description,
        size=size,
        runs_at_once=runs_at_once,
        arguments=LoadDefaults,
        own_arguments=lambda settings: {
            "target_file_bytes": settings.file_processor.target_file_bytes,
            "max_expansion_ratio": settings.file_processor.max_expansion_ratio,
        },
        reads=(Objects(Zone.RAW),),
        writes=(Objects(Zone.PROCESSED), _BROKEN_ROWS, Objects(Zone.ASSETS, f"{LOADS}*")),
        tables={Zone.PROCESSED: (Tables.KEEP,), Zone.QUALITY: (Tables.KEEP_PARTITIONED,)},
        only_tables={Zone.QUALITY: (ROWS_TABLE,)},
        state=State.LOADS,
        announces=(Topic.FAILURES,),
        takes_loads=True,
        uploads=uploads,
        in_workflow=in_workflow,
    )


def grace_hours(settings: Settings) -> int:
    """Return 24 hours or more, longer than any run: younger objects may yet be committed."""
    return max(24, 2 * -(-longest_run_minutes(settings) // 60))


def longest_run_minutes(settings: Settings) -> int:
    """Return the longest timeout of any job, in minutes."""
    return max(job.size_in(settings).timeout_minutes for job in JOBS)


FILE_PROCESSOR = _load_job(
    "file_processor",
    "Turns uploaded CSV into typed, partitioned Parquet",
    size=lambda settings: settings.file_processor,
    runs_at_once=lambda settings: settings.trigger.runs_at_once,
)
DATA_INGESTION = _load_job(
    "data_ingestion",
    "Turns uploads of five formats into typed, partitioned Parquet",
    size=lambda settings: settings.workflow.ingestion,
    uploads=f"{INCOMING}*",
    in_workflow=True,
)
DATA_PROCESSING = JobSpec(
    name="data_processing",
    description="Makes new days of curated tables, and stages them",
    size=lambda settings: settings.workflow.processing,
    reads=(Objects(Zone.PROCESSED), Objects(Zone.ASSETS, f"{LOADS}*")),
    writes=(Objects(Zone.CURATED), _BROKEN_ROWS, _STAGED),
    tables={
        Zone.PROCESSED: (Tables.READ,),
        Zone.CURATED: (Tables.KEEP, Tables.DROP),
        Zone.QUALITY: (Tables.KEEP_PARTITIONED,),
    },
    only_tables={Zone.QUALITY: (ROWS_TABLE,)},
    state=State.REFRESHES,
)
DATA_QUALITY = replace(
    DATA_PROCESSING,
    name="data_quality",
    description="Measures what is staged, and publishes or keeps it",
    size=lambda settings: settings.workflow.quality,
    writes=(
        Objects(Zone.CURATED),
        _BROKEN_ROWS,
        *(Objects(Zone.QUALITY, f"{folder}*") for folder in QUALITY_RECORDS),
        _STAGED,
    ),
    only_tables={Zone.QUALITY: (ROWS_TABLE, QUALITY_TABLES)},
    announces=(Topic.QUALITY, Topic.RECOVERIES),
)
LEGISLATORS_HISTORY = JobSpec(
    name="legislators",
    description="Joins persons, memberships and organizations to one history; started by hand",
    size=lambda settings: settings.legislators,
    arguments=LegislatorsDefaults,
    own_arguments=lambda _: {"source_prefix": LEGISLATORS},
    reads=(Objects(Zone.RAW, f"{LEGISLATORS}*"),),
    writes=(
        Objects(Zone.PROCESSED, f"{table_folder(LEGISLATORS_TABLE)}*"),
        _BROKEN_ROWS,
        _STAGED,
    ),
    # It is dropped where it would have to be made anew as another kind of table.
    tables={
        Zone.PROCESSED: (Tables.KEEP, Tables.DROP),
        Zone.QUALITY: (Tables.KEEP_PARTITIONED,),
    },
    only_tables={Zone.PROCESSED: (LEGISLATORS_TABLE,), Zone.QUALITY: (ROWS_TABLE,)},
)
TABLE_MAINTENANCE = JobSpec(
    name="table_maintenance",
    description="Merges small files of tables, and removes what no reader can reach",
    size=lambda settings: settings.maintenance,
    schedule=lambda settings: settings.maintenance.schedule,
    arguments=MaintenanceDefaults,
    own_arguments=lambda settings: {
        "target_file_bytes": settings.maintenance.target_file_bytes,
        "grace_hours": grace_hours(settings),
        "tables_kept_by_glue": ",".join(settings.maintenance.tables_kept_by_glue) or "-",
    },
    reads=(_STAGED,),
    writes=(Objects(Zone.PROCESSED), Objects(Zone.CURATED)),
    tables={Zone.PROCESSED: (Tables.CHANGE,), Zone.CURATED: (Tables.CHANGE,)},
    state=State.MAINTENANCE,
    runs_optimizers=lambda settings: bool(settings.maintenance.tables_kept_by_glue),
)
_TIME_TO_END = 600
"""Seconds of a health check's timeout that it has left when it stops to wait."""
_OPERATIONS = ("config", "operations")

HEALTH_CHECK = JobSpec(
    name="health_check",
    description="Puts stub data through both routes, compares the tables, removes it again",
    size=lambda settings: settings.health_check,
    schedule=lambda settings: settings.health_check.schedule,
    arguments=HealthCheckDefaults,
    own_arguments=lambda settings: {
        "locks_uploads": settings.uploads.lock_days > 0,
        "timeout_seconds": max(
            _TIME_TO_END // 2, settings.health_check.timeout_minutes * 60 - _TIME_TO_END
        ),
    },
    state=State.CHECKS,
    packages=_OPERATIONS,
    waits_for_runs=True,
)
RECONCILIATION = JobSpec(
    name="reconciliation",
    description="Compares uploads, ledgers, tables and files with each other, both ways",
    size=lambda settings: settings.reconciliation,
    schedule=lambda settings: settings.reconciliation.schedule,
    arguments=ReconciliationDefaults,
    own_arguments=lambda settings: {
        "grace_hours": grace_hours(settings),
        "repair": settings.reconciliation.repair,
    },
    state=State.FINDINGS,
    announces=(Topic.FAILURES, Topic.RECOVERIES),
    repairs=lambda settings: settings.reconciliation.repair,
    packages=_OPERATIONS,
)

WAITS_TAG = "waits-for-runs"
"""Tag of a job whose runs wait for runs of other jobs."""

_OWN: tuple[JobSpec, ...] = (
    FILE_PROCESSOR,
    DATA_INGESTION,
    DATA_PROCESSING,
    DATA_QUALITY,
    LEGISLATORS_HISTORY,
    TABLE_MAINTENANCE,
    HEALTH_CHECK,
    RECONCILIATION,
)


class _AllJobs(Sequence[JobSpec]):
    """The jobs above and one for each source, whose files are read when somebody looks.

    Not before, because a wrong file is an error of whoever asks for the configuration.
    """

    @overload
    def __getitem__(self, at: int) -> JobSpec: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[JobSpec]: ...
    def __getitem__(self, at: int | slice) -> JobSpec | Sequence[JobSpec]:
        return self._all[at]

    def __len__(self) -> int:
        return len(self._all)

    @cached_property
    def _all(self) -> tuple[JobSpec, ...]:
        if not any(SOURCES_FOLDER.glob("*.yaml")):
            return _OWN
        from config.source_jobs import source_jobs  # noqa: PLC0415 - it is made of this module, and of what jobs lack

        return (*_OWN, *source_jobs())


SOURCES_FOLDER = Path(__file__).with_name("sources")
JOBS: Sequence[JobSpec] = _AllJobs()
