"""The active parts of Glue: runs of jobs, crawls, and the triggers that follow their ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from moto.glue.models import GlueBackend, glue_backends

from local_cloud.events.schedules import Schedule
from local_cloud.events.shapes import Event
from local_cloud.glue.crawl_runner import CrawlRunner
from local_cloud.glue.crawlers import LocalCrawl, LocalCrawler
from local_cloud.glue.crawling import Crawling
from local_cloud.glue.jobs import LocalJobRun
from local_cloud.glue.notifications import Notifications
from local_cloud.glue.orchestration import Orchestrator
from local_cloud.glue.runner import GlueRunner, Surroundings
from local_cloud.moto_lock import moto_lock
from local_cloud.settling import Moving, Say


class GlueService:
    """The runners, and the orchestrator that is told of every run and crawl that has ended."""

    def __init__(
        self,
        *,
        account: str,
        region: str,
        work: Path,
        around: Surroundings,
        enter_crawl: Callable[[LocalCrawler], Callable[[str], Any]],
        publish: Callable[[Event], None],
        say: Say,
        runs_at_once: int | None = None,
    ) -> None:
        self._place = (account, region)
        self.runs = GlueRunner(
            work=work, around=around, announce=self._end_of_run, places=runs_at_once
        )
        self.crawls = CrawlRunner(
            do=Crawling(enter=enter_crawl).crawl, backend=self._backend, announce=self._end_of_crawl
        )
        self._notifications = Notifications(
            say=say, publish=publish, log_of=self.runs.log_of, account=account, region=region
        )
        self.flows = Orchestrator(
            backend=self._backend, announce=self._notifications.run_ended, say=say
        )

    def moving(self) -> list[Moving]:
        """Return all that is at work. The lock keeps an ended run listed until its successor is."""
        with moto_lock:
            return [*self.runs.active, *self.crawls.active, *self.flows.running]

    def schedules(self) -> list[Schedule]:
        return [*self.flows.schedules(), *self.crawls.schedules()]

    def close(self) -> None:
        """End all runs and crawls at work."""
        self.crawls.close()
        self.runs.close()

    def _backend(self) -> GlueBackend:
        account, region = self._place
        return glue_backends[account][region]

    def _end_of_run(self, run: LocalJobRun) -> None:
        self._notifications.run_ended(run)
        self.flows.ended(run.execution_id)

    def _end_of_crawl(self, crawl: LocalCrawl) -> None:
        self._notifications.crawl_ended(crawl)
        self.flows.ended(crawl.execution_id)
