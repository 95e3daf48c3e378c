"""One permission that a call needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from local_cloud.iam.requests import Values

Found = Mapping[str, Values]
Later = Callable[[str], Values | None]


@dataclass(frozen=True, kw_only=True)
class Need:
    """An action on a resource, with the condition keys that the service adds to the request."""

    action: str
    resource: str
    keys: Found = field(default_factory=dict)
    later: Later | None = None
    """Finds values of keys that are looked up only if a policy asks for them."""


class UnknownCall(Exception):
    """A call of which nobody here knows what it needs."""
