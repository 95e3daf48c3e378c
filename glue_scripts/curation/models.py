"""Models that are refreshed, each a dataset or a curated table: staging and publishing them.

Glue lets no two runs of a job work at once (`MaxConcurrentRuns`). If somebody starts processing and
quality by hand, the ledger's conditions refuse writes that conflict. So there is no lease that a
killed run could leave behind.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import ClientError

from curation.publishing import RefreshPublisher
from curation.refresh import Refresh, load_refresh
from curation.tables import MadeTables
from lake.errors import LakeError, LoadLost
from lake.publishing.quarantine_catalog import QuarantineCatalog
from lake.store import client
from wires.job_arguments import JobDefaults
from wires.layout import QUARANTINED_ROWS
from wires.quarantine import ROWS_TABLE
from wires.refresh_ledger import RefreshLedger
from wires.run_ledger import RunLedger

_MISSING = frozenset({"NoSuchKey", "404"})
logger = logging.getLogger(__name__)


class Published(NamedTuple):
    """The refresh and snapshot that readers have now."""

    refresh: Refresh
    snapshot: str
    """Id of the table's snapshot; "" for a dataset."""


@dataclass(frozen=True, kw_only=True)
class Models:
    """The state of all models, as one run of a job sees it."""

    settings: JobDefaults
    ledger: RefreshLedger
    runs: RunLedger

    @classmethod
    def of(cls, settings: JobDefaults) -> Models:
        tables: Any = boto3.resource("dynamodb")
        return cls(
            settings=settings,
            ledger=RefreshLedger(tables.Table(settings.state_table)),
            runs=RunLedger(tables.Table(settings.runs_table)),
        )

    def stage(self, refresh: Refresh) -> None:
        """Stage a refresh for the gate. Raises LoadLost if another is being published meanwhile."""
        key = refresh.save(self.settings.assets_bucket)
        if not self.ledger.stage(refresh.model, key):
            raise LoadLost(f"{refresh.model} is being published by another run")

    @property
    def tables(self) -> MadeTables:
        """Tables of the curated zone."""
        settings = self.settings
        return MadeTables.of(client("glue"), settings.curated_database, settings.curated_bucket)

    def carry_out(self, model: str) -> Published | None:
        """Publish an approved refresh that is not finished, of this run or of a killed one.

        Returns None if there is none, or if it cannot be published any more.
        """
        state = self.ledger.get(model)
        if not state.approved:
            return None
        refresh = load_refresh(self.settings.assets_bucket, state.staged)
        if refresh.key != state.staged:
            logger.info("%s: approved by an earlier version, is made anew", model)
            self.ledger.withdraw(model, state.staged)
            return None
        publisher = RefreshPublisher(
            tables=self.tables,
            quarantine=QuarantineCatalog(
                client("glue"),
                self.settings.quality_database,
                table=ROWS_TABLE,
                location=f"s3://{self.settings.quality_bucket}/{QUARANTINED_ROWS}",
            ),
            quality_bucket=self.settings.quality_bucket,
        )
        facts = {"verdict": state.verdict, "score": state.score, "report": state.report}
        try:
            snapshot = publisher.publish(refresh, state.staged, facts)
        except LoadLost as error:
            logger.warning("%s: %s", model, error)
            self.ledger.withdraw(model, state.staged)
            return None
        except (LakeError, ClientError) as error:
            # What fails today will always fail, except for temporary errors of AWS.
            if isinstance(error, LakeError) or error.response["Error"]["Code"] in _MISSING:
                self.ledger.withdraw(model, state.staged)
            raise
        self.ledger.finish(model, state.staged)
        return Published(refresh, snapshot)
