"""Start runs for what waits, and settle what became of the runs before.

Every occasion does the same: settle loads whose run has ended, start loads that are ready,
batch pending objects into new loads. Only one dispatcher is at work at a time; each step
can be cut off after any call and is taken up again at the next occasion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aws_lambda_powertools import Logger

from wires.layout import DISPATCHER
from wires.lease import Leases
from wires.load_ledger import LoadLedger
from wires.manifest import ObjectVersion

from .refusing import Refusing
from .settings import TriggerSettings
from .settling import Settling
from .starting import Starter
from .turns import Turns

LEASE_SECONDS = 180
"""Longer than the function's timeout, so a holder that is cut off has ended by then."""
logger = Logger(service="trigger", child=True)


@dataclass(kw_only=True)
class Dispatcher:
    """Moves loads from ready to running to closed."""

    settings: TriggerSettings
    loads: LoadLedger
    leases: Leases
    settling: Settling
    turns: Turns
    refusing: Refusing
    starters: Sequence[Starter]
    """One for each route, in the order of their turns."""

    def dispatch(self, arrived: Sequence[ObjectVersion], *, owner: str) -> None:
        """Do all that can be done now. If another dispatcher is at work, leave it to that one."""
        if not self.leases.take(DISPATCHER, owner=owner, seconds=LEASE_SECONDS):
            logger.info("another dispatcher is at work")
            return
        try:
            bucket = self.settings.raw_bucket
            self.settling.settle()
            loads = list(self.loads.open_loads(bucket))
            for starter in self.starters:
                self.turns.take(starter, loads, arrived)
            jobs = [starter.job for starter in self.starters]
            self.refusing.announce(jobs, self.loads.open_loads(bucket))
        finally:
            self.leases.give_back(DISPATCHER, owner=owner)
