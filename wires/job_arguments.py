"""Arguments of the Glue jobs, as dataclasses.

The construct writes the defaults into the job's template, the dispatcher adds those of
the run, and the script reads both back. A field's name is the argument's name, so there
is no second spelling anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import Field, asdict, dataclass, fields
from typing import Any, ClassVar, Protocol, TypeVar, get_type_hints

from wires.errors import JobArgumentError


@dataclass(frozen=True, kw_only=True)
class JobDefaults:
    """Arguments of every job, set once in the template: where things are.

    The permissions of a job are in its role.
    """

    environment: str
    account: str
    region: str
    code_version: str
    """Version of script and library, which lineage records."""
    raw_bucket: str
    processed_bucket: str
    curated_bucket: str
    quality_bucket: str
    assets_bucket: str
    processed_database: str
    curated_database: str
    quality_database: str
    objects_table: str
    loads_table: str
    state_table: str
    runs_table: str
    alerts_topic_arn: str
    """Topic of failures."""
    quality_topic_arn: str
    recoveries_topic_arn: str


@dataclass(frozen=True, kw_only=True)
class LoadDefaults(JobDefaults):
    """Arguments of `file_processor` and `data_ingestion`."""

    target_file_bytes: int
    """Most CSV bytes for one output file when small objects are packed."""
    max_expansion_ratio: int
    """A compressed object that expands by more than this factor is refused."""


@dataclass(frozen=True, kw_only=True)
class LoadRun:
    """The work of one run, set by the dispatcher or as properties of a workflow run."""

    load_id: str
    attempt: int
    last_attempt: bool
    """On the last attempt an object that cannot be read fails alone, not its whole load."""


@dataclass(frozen=True, kw_only=True)
class LegislatorsDefaults(JobDefaults):
    """Arguments of `legislators`."""

    source_prefix: str
    """Folder in the raw bucket with persons.json, memberships.json and organizations.json."""


@dataclass(frozen=True, kw_only=True)
class MaintenanceDefaults(JobDefaults):
    """Arguments of `table_maintenance`."""

    target_file_bytes: int
    """Parquet bytes of a merged file; files near this size are left as they are."""
    grace_hours: int
    """Younger objects may belong to a run that is still working."""
    tables_kept_by_glue: str
    """Curated tables that Glue maintains, separated by commas; "-" for none.

    Their files and snapshots are left alone. Glue does not pass on empty arguments.
    """


@dataclass(frozen=True, kw_only=True)
class HealthCheckDefaults(JobDefaults):
    """Arguments of `health_check`."""

    project: str
    """Begins all names of the environment's parts."""
    locks_uploads: bool
    timeout_seconds: int
    """How long it waits for its uploads to come to their ends."""


@dataclass(frozen=True, kw_only=True)
class ReconciliationDefaults(JobDefaults):
    """Arguments of `reconciliation`."""

    project: str
    """Begins all names of the environment's parts."""
    grace_hours: int
    """Younger files may belong to a run that is still working."""
    repair: bool
    """Whether to repair what can be repaired safely."""


@dataclass(frozen=True, kw_only=True)
class FetchDefaults(JobDefaults):
    """Arguments of the job of a source. People who start a run may give others than the template:
    `aws glue start-job-run --arguments '{"--since": "2026-01-01"}'`."""

    since: str
    """Beginning of a range that is fetched instead of what has come since; "-" for none."""
    until: str
    limit: int
    """Rows of a sample; 0 for all."""
    again: bool
    """Whether to fetch what has landed once more, and to ask a source that is left alone."""


@dataclass(frozen=True, kw_only=True)
class WorkflowRun:
    """Passed by Glue to the jobs of a workflow."""

    WORKFLOW_NAME: str
    WORKFLOW_RUN_ID: str


@dataclass(frozen=True, kw_only=True)
class GlueRun:
    """Passed by Glue itself to every script."""

    JOB_NAME: str
    JOB_RUN_ID: str


class Arguments(Protocol):
    """One of the dataclasses above."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


Kind = TypeVar("Kind", bound=Arguments)


def workflow_run(argv: Sequence[str]) -> WorkflowRun:
    """Read the arguments of a workflow's job.

    Raises JobArgumentError for a run that no workflow has started.
    """
    if "WORKFLOW_RUN_ID" not in _pairs(argv):
        raise JobArgumentError(
            "this job is a step of the workflow, which tells it what to do: start the workflow "
            "(aws glue start-workflow-run), or upload something below data/incoming/YYYY/MM/DD/"
        )
    return from_argv(WorkflowRun, argv)


def run_properties(arguments: Arguments) -> dict[str, str]:
    """Return arguments for `StartWorkflowRun`; jobs read them with `from_properties`."""
    return {name: _spell(value) for name, value in asdict(arguments).items()}


def from_properties(kind: type[Kind], properties: Mapping[str, str]) -> Kind | None:
    """Read arguments from the properties of a workflow run.

    Returns None for one that was started by hand or by the clock, and has none of them.
    """
    if not any(field.name in properties for field in fields(kind)):
        return None
    return from_argv(kind, [word for n, v in properties.items() for word in (f"--{n}", v)])


def to_arguments(arguments: Arguments) -> dict[str, str]:
    """Return `{"--name": "value"}`, for `DefaultArguments` and `StartJobRun`."""
    return {f"--{name}": _spell(value) for name, value in asdict(arguments).items()}


def from_argv(kind: type[Kind], argv: Sequence[str]) -> Kind:
    """Read `kind` from a script's command line, ignoring other arguments.

    Raises JobArgumentError naming every argument that is missing or has the wrong type.
    """
    given = _pairs(argv)
    names = [field.name for field in fields(kind)]
    missing = [f"--{name}" for name in names if name not in given]
    if missing:
        raise JobArgumentError(
            f"{kind.__name__} expects {', '.join('--' + name for name in names)}; "
            f"not given: {', '.join(missing)}; "
            f"given: {', '.join(sorted('--' + name for name in given))}. "
            "Template, dispatcher and script must be of one version: deploy them again."
        )
    types = get_type_hints(kind)
    return kind(**{name: _read(types[name], name, given[name]) for name in names})


def _pairs(argv: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    position = 0
    while position < len(argv):
        word = argv[position]
        position += 1
        if not word.startswith("--"):
            continue
        name, equals, value = word[2:].partition("=")
        if not equals and position < len(argv) and not argv[position].startswith("--"):
            value = argv[position]
            position += 1
        pairs[name] = value
    return pairs


def _spell(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read(kind: type, name: str, text: str) -> object:
    if kind is bool and text in ("true", "false"):
        return text == "true"
    try:
        if kind is not bool:
            return kind(text)
    except ValueError:
        pass
    raise JobArgumentError(f"--{name} expects {kind.__name__}, got {text!r}")
