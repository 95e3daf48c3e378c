"""What goes wrong in one unit ends that unit. Every step of each is taken in here."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from curation.errors import told
from lake.errors import LakeError

logger = logging.getLogger(__name__)


@dataclass
class Failures:
    """Units that have failed in a run, and why. They are raised together at its end, so that the
    run is seen to have failed when everything that can be done has been."""

    reasons: dict[str, str] = field(default_factory=dict)

    def __contains__(self, unit: str) -> bool:
        return unit in self.reasons

    @contextmanager
    def guard(self, unit: str) -> Iterator[None]:
        """A step of a unit. Whatever it raises is the unit's own: nobody can say beforehand what
        a contract that is wrong will make a step raise."""
        try:
            yield
        except Exception as error:
            logger.exception("%s", unit)
            self.reasons[unit] = told(error)

    def tell(self) -> None:
        """Raises LakeError naming every unit that has failed."""
        if self.reasons:
            raise LakeError("; ".join(f"{unit}: {why}" for unit, why in self.reasons.items()))
