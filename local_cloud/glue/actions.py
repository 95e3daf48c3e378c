"""Carries out a trigger's action: starts a run of a job, or a crawl."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.glue.exceptions import ConcurrentRunsExceededException, CrawlerRunningException
from moto.glue.models import GlueBackend
from moto.glue.utils import Action

from local_cloud.glue.crawlers import CrawlState, LocalCrawl, LocalCrawler
from local_cloud.glue.jobs import LocalJob, LocalJobRun, RunState


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The trigger, and the workflow run, for which something is started."""

    trigger: str
    workflow_run_id: str
    arguments: Mapping[str, str]
    predecessors: list[dict[str, str]]


def started(action: Action, *, backend: GlueBackend, origin: Origin) -> LocalJobRun | LocalCrawl:
    """Start a run or a crawl, and return it; if it could not be started, its state says so.

    https://docs.aws.amazon.com/glue/latest/dg/job-run-statuses.html has the states.
    """
    if action.crawler_name:
        return _started_crawl(str(action.crawler_name), backend)
    run = _started_job(action, backend=backend, arguments=origin.arguments)
    run.trigger_name = origin.trigger
    run.workflow_run_id = origin.workflow_run_id
    run.predecessors = origin.predecessors
    return run


def _started_job(
    action: Action, *, backend: GlueBackend, arguments: Mapping[str, str]
) -> LocalJobRun:
    job = backend.jobs.get(str(action.job_name))
    if not isinstance(job, LocalJob):
        return _run_of_no_job(str(action.job_name))
    # As the API has them: moto gives the members of an action one common type.
    described: dict[str, Any] = action.as_dict()
    given = {name: str(value) for name, value in described.get("Arguments", {}).items()}
    try:
        run_id = job.start_job_run(
            arguments={**given, **arguments},
            timeout=described.get("Timeout"),
            security_configuration=described.get("SecurityConfiguration"),
            notification_property=described.get("NotificationProperty"),
        )
    except ConcurrentRunsExceededException as refusal:
        return job.refused_run({**given, **arguments}, str(refusal.message))
    return job.local_run(run_id)


def _started_crawl(name: str, backend: GlueBackend) -> LocalCrawl:
    crawler = backend.crawlers.get(name)
    if not isinstance(crawler, LocalCrawler):
        return _ended(LocalCrawl(name), CrawlState.ERROR, f"there is no crawler {name} any more")
    try:
        return crawler.start()
    except CrawlerRunningException as refusal:
        return _ended(LocalCrawl(name), CrawlState.FAILED, str(refusal.message))


def _ended(crawl: LocalCrawl, state: CrawlState, why: str) -> LocalCrawl:
    crawl.move(state, why)
    crawl.ended.set()
    return crawl


def _run_of_no_job(name: str) -> LocalJobRun:
    run = LocalJobRun(glue_version="", job_name=name)
    run.move(RunState.ERROR, f"there is no job {name} any more")
    run.ended.set()
    return run
