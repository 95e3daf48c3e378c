"""Units of refreshing: a curated table or a dataset each, staged and carried out.

No two runs of a job are at work at once, which Glue sees to (`MaxConcurrentRuns`); what processing
and quality might do to each other's work, when somebody starts them by hand, the ledger's
conditions refuse. So there is no lease that a killed run could leave behind.
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
from lake.catalog import QuarantineCatalog
from lake.errors import LakeError, LoadLost
from lake.store import client
from wires.job_arguments import JobDefaults
from wires.layout import QUARANTINED_ROWS
from wires.quarantine import ROWS_TABLE
from wires.refresh_ledger import RefreshLedger
from wires.run_ledger import RunLedger

_MISSING = frozenset({"NoSuchKey", "404"})
logger = logging.getLogger(__name__)


class Published(NamedTuple):
    """What readers have now."""

    refresh: Refresh
    snapshot: str
    """Id of the table's snapshot; "" for a dataset."""


@dataclass(frozen=True, kw_only=True)
class Units:
    """The state of all units, as one run of a job sees it."""

    settings: JobDefaults
    ledger: RefreshLedger
    runs: RunLedger

    @classmethod
    def of(cls, settings: JobDefaults) -> Units:
        tables: Any = boto3.resource("dynamodb")
        return cls(
            settings=settings,
            ledger=RefreshLedger(tables.Table(settings.state_table)),
            runs=RunLedger(tables.Table(settings.runs_table)),
        )

    def stage(self, refresh: Refresh) -> None:
        """Put a refresh before the gate. Raises LoadLost if one is being published meanwhile."""
        key = refresh.save(self.settings.assets_bucket)
        if not self.ledger.stage(refresh.unit, key):
            raise LoadLost(f"{refresh.unit} is being published by another run")

    @property
    def tables(self) -> MadeTables:
        """Curated tables."""
        settings = self.settings
        return MadeTables.of(client("glue"), settings.curated_database, settings.curated_bucket)

    def carry_out(self, unit: str) -> Published | None:
        """Publish what is approved and not finished: of this run, or of one that was killed."""
        state = self.ledger.get(unit)
        if not state.approved:
            return None
        refresh = load_refresh(self.settings.assets_bucket, state.staged)
        if refresh.key != state.staged:
            logger.info("%s: approved by an earlier version, is made anew", unit)
            self.ledger.withdraw(unit, state.staged)
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
            logger.warning("%s: %s", unit, error)
            self.ledger.withdraw(unit, state.staged)
            return None
        except (LakeError, ClientError) as error:
            # What cannot be carried out today can never be, but for what AWS cannot do now.
            if isinstance(error, LakeError) or error.response["Error"]["Code"] in _MISSING:
                self.ledger.withdraw(unit, state.staged)
            raise
        self.ledger.finish(unit, state.staged)
        return Published(refresh, snapshot)
