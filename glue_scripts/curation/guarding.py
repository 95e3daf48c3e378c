"""Keeps an error in one model from ending the work on others. Every step runs in this guard."""

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
    """Models that have failed in a run, and why.

    They are raised together at the end, so that the run is seen to have failed after everything
    that can be done has been done.
    """

    reasons: dict[str, str] = field(default_factory=dict)

    def __contains__(self, model: str) -> bool:
        return model in self.reasons

    @contextmanager
    def guard(self, model: str) -> Iterator[None]:
        """Run a step of a model, and record whatever it raises as that model's failure.

        Every exception is caught, because nobody can predict what a wrong contract makes a step
        raise.
        """
        try:
            yield
        except Exception as error:
            logger.exception("%s", model)
            self.reasons[model] = told(error)

    def tell(self) -> None:
        """Raise LakeError naming every model that has failed, if any has."""
        if self.reasons:
            raise LakeError("; ".join(f"{model}: {why}" for model, why in self.reasons.items()))
