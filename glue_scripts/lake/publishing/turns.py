"""Exclusive turns at the tables of datasets."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from lake.errors import LoadLost
from wires.layout import publisher
from wires.lease import Leases

LEASE_SECONDS = 900
LEASE_WAIT_SECONDS = 1800


@dataclass(frozen=True, kw_only=True)
class Turns:
    """Takes the turns of a load. They belong to the load: the attempt after a killed one need not
    wait for them."""

    leases: Leases
    owner: str
    """The load's id."""

    def held(self, datasets: Iterable[str]) -> AbstractContextManager[None]:
        return self.leases.held_all(
            map(publisher, datasets),
            owner=self.owner,
            seconds=LEASE_SECONDS,
            wait=LEASE_WAIT_SECONDS,
        )

    def keep(self, dataset: str) -> None:
        """Raises LoadLost if the turn has passed to somebody else."""
        if not self.leases.keep(publisher(dataset), owner=self.owner, seconds=LEASE_SECONDS):
            raise LoadLost(f"the turn at dataset {dataset} ran out and passed to another run")
