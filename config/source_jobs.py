"""The Glue job of each source, derived from its file."""

from __future__ import annotations

from collections.abc import Iterator

from config.errors import BrokenRule, ValueRuleError
from config.jobs import JOBS, JobSpec, Objects, State, Zone
from config.settings import JobSettings, Settings
from config.source_document import SourceDocument
from config.sources import load_sources, source_of
from wires.job_arguments import FetchDefaults
from wires.layout import staged_sources
from wires.routes import landed_objects

SCRIPT = "source_fetch"
_RUNS_AT_ONCE = 5
"""The schedule's, and ranges that people ask for meanwhile."""
_MINUTES_TO_END = 60
"""For the landing that has begun when a run's time is over."""


def job_name(source: str) -> str:
    """Return the name of a source's job in `config/jobs.py`, as `jobs` in the settings has it."""
    return f"fetch_{source}"


def source_jobs() -> tuple[JobSpec, ...]:
    """Return a job for each file of `sources/` but those of streams.

    Raises ConfigError for a wrong one.
    """
    return tuple(_job(document) for document in load_sources() if not document.kind.is_stream)


def check_sources(project: str, settings: Settings, environment: str) -> None:
    """Raises ValueRuleError for a source that an environment cannot have."""
    for spec in JOBS:
        broken = list(_broken(spec, project, settings, environment))
        if spec.source and broken:
            raise ValueRuleError(f"sources/{spec.source.name}.yaml", broken)


def _broken(
    spec: JobSpec, project: str, settings: Settings, environment: str
) -> Iterator[BrokenRule]:
    if spec.source is None:
        return
    secret = spec.source.secret
    if secret and not secret.startswith(f"{project}/"):
        yield BrokenRule(
            field="secret",
            value=secret,
            rule=f"must begin with {project}/, as no job may read secrets of other projects",
        )
    if settings.network.vpc and not spec.connection:
        yield BrokenRule(
            field="connection",
            absent=True,
            rule=f"the network of {environment} has no way out; name a Glue connection that has",
        )


def _job(document: SourceDocument) -> JobSpec:
    staged = Objects(Zone.ASSETS, f"{staged_sources(document.name)}*")
    return JobSpec(
        name=job_name(document.name),
        description=f"Fetches {document.name}, and lands it as uploads of {document.dataset}",
        script=SCRIPT,
        usual=JobSettings(
            schedule=document.schedule,
            timeoutMinutes=document.limits.minutes + _MINUTES_TO_END,
        ),
        runs_at_once=lambda _: _RUNS_AT_ONCE,
        arguments=FetchDefaults,
        # Glue does not pass on empty arguments.
        own_arguments=lambda _: {"since": "-", "until": "-", "limit": 0, "again": False},
        writes=(Objects(Zone.RAW, landed_objects(document.dataset, document.name)), staged),
        removes=(staged,),
        state=State.SOURCE,
        packages=("connectors",),
        source=source_of(document),
        connection=document.connection,
    )
