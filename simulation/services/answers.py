"""Refusals as services give them, and what a double does not play."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Params = Mapping[str, Any]
Answer = dict[str, Any]
Now = Callable[[], float]
"""Seconds since the epoch, by the clock of the services."""


@dataclass
class Refused(Exception):
    """A service refuses a call."""

    code: str
    message: str = ""
    status: int = 400
    more: Mapping[str, Any] = field(default_factory=dict)
    """Further members of the answer."""

    def answer(self) -> Answer:
        return {
            "Error": {"Code": self.code, "Message": self.message or self.code},
            "ResponseMetadata": {"HTTPStatusCode": self.status},
            **self.more,
        }


class NotPlayed(BaseException):
    """The product asks for something that no double plays: add it here, and to its comparison with
    moto. Nothing of the product may take this for a refusal."""


def only(params: Params, *known: str) -> None:
    """Raises NotPlayed for a parameter that a double would overlook."""
    if unknown := sorted(params.keys() - set(known)):
        raise NotPlayed(f"parameters {', '.join(unknown)}; played are {', '.join(known)}")


def play(
    operations: Mapping[str, Callable[[Params], Answer]], operation: str, params: Params
) -> Answer:
    """Have one of a double's operations answer. Raises NotPlayed."""
    if operation not in operations:
        raise NotPlayed(f"operation {operation}; played are {', '.join(operations)}")
    return operations[operation](params)
