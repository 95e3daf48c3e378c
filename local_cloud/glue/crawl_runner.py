"""Runs crawls, each in a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from moto.glue.exceptions import CrawlerRunningException
from moto.glue.models import GlueBackend

from local_cloud.errors import CrawlCancelled
from local_cloud.events.schedules import Schedule
from local_cloud.glue.crawlers import CrawlState, LocalCrawl, LocalCrawler
from local_cloud.moto_lock import moto_lock

DoCrawl = Callable[[LocalCrawler, LocalCrawl], None]
"""Does the work of a crawl; raises whatever ends it early."""


class CrawlRunner:
    """Starts crawls, and sets their states as they proceed."""

    def __init__(
        self,
        *,
        do: DoCrawl,
        backend: Callable[[], GlueBackend],
        announce: Callable[[LocalCrawl], None],
    ) -> None:
        self._do = do
        self._backend = backend
        self._announce = announce
        self._active: dict[str, LocalCrawl] = {}
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()

    @property
    def active(self) -> list[LocalCrawl]:
        return list(self._active.values())

    def start(self, crawler: LocalCrawler, crawl: LocalCrawl) -> None:
        self._active[crawl.execution_id] = crawl
        thread = threading.Thread(target=self._live, args=(crawler, crawl), daemon=True)
        self._threads.append(thread)
        thread.start()

    def schedules(self) -> list[Schedule]:
        """Return the schedules of the crawlers that have one."""
        with moto_lock:
            return [
                Schedule(
                    name=f"crawler {crawler.name}",
                    expression=crawler.schedule,
                    come_round=partial(_start_unless_running, crawler),
                )
                for crawler in self._backend().crawlers.values()
                if isinstance(crawler, LocalCrawler) and crawler.schedule
            ]

    def close(self) -> None:
        """Cancel the crawls at work. Nothing is announced any more."""
        self._closing.set()
        for crawl in self.active:
            crawl.stop()
        for thread in self._threads:
            thread.join()

    def _live(self, crawler: LocalCrawler, crawl: LocalCrawl) -> None:
        try:
            self._do(crawler, crawl)
            crawl.move(CrawlState.SUCCEEDED)
        except CrawlCancelled:
            crawl.move(CrawlState.CANCELLED)
        except Exception as error:  # noqa: BLE001 - whatever it is, it ended this crawl
            crawl.move(CrawlState.FAILED, f"{type(error).__name__}: {error}")
        try:
            if not self._closing.is_set():
                self._announce(crawl)
        finally:
            # As with runs: whoever sees no active crawl must also see its outcome.
            del self._active[crawl.execution_id]
            crawl.ended.set()


def _start_unless_running(crawler: LocalCrawler) -> None:
    with suppress(CrawlerRunningException):
        crawler.start()
