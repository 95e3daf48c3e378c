"""Tells people and EventBridge how runs and crawls have ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from local_cloud.events.shapes import Event, crawler_state_change, run_state_change
from local_cloud.glue.crawlers import CrawlState, LocalCrawl
from local_cloud.glue.jobs import LocalJobRun, RunState


class Notifications:
    """Called when something has ended, with its final state set."""

    def __init__(
        self,
        *,
        say: Callable[[str], None],
        publish: Callable[[Event], None],
        log_of: Callable[[str], Path],
        account: str,
        region: str,
    ) -> None:
        self._say = say
        self._place = {"account": account, "region": region}
        self._publish = publish
        self._log_of = log_of

    def run_ended(self, run: LocalJobRun) -> None:
        self._say(
            f"run {run.job_run_id[:11]} of {run.job_name}: {run.state} in {run.seconds:.1f} s"
        )
        if run.state not in (RunState.SUCCEEDED, RunState.STOPPED):
            log = self._log_of(run.job_run_id)
            self._say(f"  {run.error}" + (f" (log: {log})" if log.is_file() else ""))
        self._publish(
            run_state_change(
                job=run.job_name,
                run_id=run.job_run_id,
                state=run.state.value,
                message=run.error or "Job run succeeded",
                **self._place,
            )
        )

    def crawl_ended(self, crawl: LocalCrawl) -> None:
        self._say(f"crawler {crawl.crawler_name}: {crawl.state} in {crawl.seconds:.1f} s")
        if crawl.error:
            self._say(f"  {crawl.error}")
        if crawl.state is not CrawlState.CANCELLED:
            self._publish(
                crawler_state_change(
                    crawler=crawl.crawler_name,
                    state=crawl.state.value.capitalize(),
                    message=crawl.error or "Crawler succeeded",
                    **self._place,
                )
            )
