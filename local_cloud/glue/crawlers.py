"""moto's crawlers and crawls, with states that come from the work that is done."""

from __future__ import annotations

import threading
from enum import StrEnum
from typing import Any

from moto.core.utils import utcnow
from moto.glue.exceptions import (
    CrawlerNotRunningException,
    CrawlerRunningException,
    InvalidInputException,
)
from moto.glue.models import FakeCrawl, FakeCrawler

from local_cloud.glue.crawler_settings import output_settings, what_is_not_played
from local_cloud.inventory import inventory


class CrawlState(StrEnum):
    RUNNING = "RUNNING"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    ERROR = "ERROR"
    """A trigger names a crawler that is no longer there."""

    @property
    def is_final(self) -> bool:
        return self not in (self.RUNNING, self.CANCELLING)


_IN_HISTORY = {
    CrawlState.RUNNING: "RUNNING",
    CrawlState.CANCELLING: "RUNNING",
    CrawlState.CANCELLED: "STOPPED",
    CrawlState.SUCCEEDED: "COMPLETED",
}
"""Names of the states in ListCrawls."""


class LocalCrawl(FakeCrawl):
    """One run of a crawler. Asking for its state does not advance it."""

    def __init__(self, crawler_name: str) -> None:
        super().__init__(crawler_name)
        self.crawler_name = crawler_name
        self.state = CrawlState.RUNNING
        self.error = ""
        self.ended = threading.Event()
        self._turn = threading.Lock()

    def advance(self) -> None:
        """Do nothing: moto would let the crawl succeed as soon as somebody asks."""

    @property
    def status(self) -> str | None:
        return _IN_HISTORY.get(self.state, "FAILED")

    @status.setter
    def status(self, value: str) -> None:
        """Ignore the first state that moto sets: it is set already."""

    def move(self, state: CrawlState, error: str = "") -> None:
        """Set the state, unless the crawl has ended."""
        with self._turn:
            if self.state.is_final:
                return
            if state.is_final:
                self.end_time, self.error = utcnow(), error[:2000]
            self.state = state

    @property
    def execution_id(self) -> str:
        return str(self.crawl_id)

    def stop(self) -> None:
        """Ask the crawl to end before the next table."""
        self.move(CrawlState.CANCELLING)

    @property
    def seconds(self) -> float:
        return ((self.end_time or utcnow()) - self.start_time).total_seconds()

    @property
    def activity(self) -> str:
        """Name and state, for people who wait for it."""
        return f"crawler {self.crawler_name} {self.state.value}"

    def as_last_crawl(self) -> dict[str, Any]:
        return {
            "Status": self.state.value,
            "LogGroup": self.log_group,
            "LogStream": self.log_stream,
            "MessagePrefix": self.message_prefix,
            "StartTime": self.start_time,
            **({"ErrorMessage": self.error} if self.error else {}),
        }

    def in_graph(self) -> dict[str, Any]:
        """Return the crawl as the graph of a workflow run has it."""
        return {
            "State": self.state.value,
            "StartedOn": self.start_time,
            "LogGroup": self.log_group,
            "LogStream": self.log_stream,
            **({"CompletedOn": self.end_time} if self.end_time else {}),
            **({"ErrorMessage": self.error} if self.error else {}),
        }


class LocalCrawler(FakeCrawler):
    """A crawler that looks into buckets and fills the catalog."""

    def __init__(self, **described: Any) -> None:
        super().__init__(**described)
        complaint = what_is_not_played(
            targets=self.targets,
            classifiers=self.classifiers,
            configuration=self.configuration,
            policy=self.schema_change_policy,
            recrawl=self.recrawl_policy,
        )
        if complaint:
            raise InvalidInputException("CreateCrawler", f"crawler {self.name}: {complaint}")

    @property
    def current(self) -> LocalCrawl | None:
        """The crawl at work, if there is one."""
        last = self.crawls[-1] if self.crawls else None
        return last if isinstance(last, LocalCrawl) and not last.state.is_final else None

    @property
    def status(self) -> str:
        if self.current is None:
            return "READY"
        return "RUNNING" if self.current.state is CrawlState.RUNNING else "STOPPING"

    def start_crawler(self) -> None:
        self.start()

    def start(self) -> LocalCrawl:
        """Start a crawl. Raises CrawlerRunningException if one is at work already."""
        if self.current is not None:
            raise CrawlerRunningException(f"Crawler {self.name} is at work already")
        crawl = LocalCrawl(self.name)
        self.crawls.append(crawl)
        inventory().crawls.start(self, crawl)
        return crawl

    def stop_crawler(self) -> None:
        if self.current is None:
            raise CrawlerNotRunningException(f"Crawler {self.name} isn't running")
        self.current.stop()

    def as_dict(self) -> dict[str, Any]:
        described = super().as_dict()
        described.pop("LastCrawl", None)
        ended = [crawl for crawl in self.crawls if crawl is not self.current]
        if ended and isinstance(ended[-1], LocalCrawl):
            described["LastCrawl"] = ended[-1].as_last_crawl()
        return described

    @property
    def updates_tables(self) -> bool:
        """https://docs.aws.amazon.com/glue/latest/webapi/API_SchemaChangePolicy.html"""
        return (self.schema_change_policy or {}).get("UpdateBehavior") != "LOG"

    @property
    def deprecates_tables(self) -> bool:
        """Whether tables whose objects are gone are marked as deprecated: they are by default."""
        return (self.schema_change_policy or {}).get("DeleteBehavior") != "LOG"

    @property
    def keeps_columns(self) -> bool:
        """Whether a table keeps its columns, and only gets new ones."""
        tables = output_settings(self.configuration).get("Tables", {})
        return bool(tables.get("AddOrUpdateBehavior") == "MergeNewColumns")
