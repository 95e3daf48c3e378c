"""What operations on an environment's data have to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from config.naming import Names
from wires.job_arguments import HealthCheckDefaults, ReconciliationDefaults


class Site(Protocol):
    """An `Environment` knows this from config, and a job is told it: see `ToldSite`."""

    @property
    def names(self) -> Names: ...

    @property
    def locks_uploads(self) -> bool:
        """Whether versions of uploads are locked, so that removing one needs a right of its own."""

    @property
    def grace_hours(self) -> int:
        """Age in hours of files that no run can still be about to commit."""


@dataclass(frozen=True, kw_only=True)
class ToldSite:
    """A site as the arguments of a job describe it."""

    names: Names
    locks_uploads: bool = False
    grace_hours: int = 24


def names_told(told: HealthCheckDefaults | ReconciliationDefaults) -> Names:
    """Return the names of the environment that a job is told of."""
    return Names(
        project=told.project,
        environment=told.environment,
        account=told.account,
        region=told.region,
    )
