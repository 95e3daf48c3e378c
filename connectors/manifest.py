"""The manifest of a landing: what one attempt has staged, and the keys that it lands under."""

from __future__ import annotations

import json
from dataclasses import dataclass

from wires.typed_json import TypedJson


@dataclass(frozen=True, kw_only=True)
class StagedFile:
    """A file that lands."""

    staged: str
    """Its key in the assets bucket."""
    key: str
    """Its key in the raw bucket."""
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class LandingManifest:
    """Everything that lands at once, and where the stream stands then."""

    position: str
    rows: int
    left_for_later: int
    """Rows that came though they belong to a later range; they come again."""
    files: tuple[StagedFile, ...]

    def to_json(self) -> bytes:
        return json.dumps(TypedJson().plain(self), indent=1).encode()

    @staticmethod
    def from_json(text: bytes) -> LandingManifest:
        """Undo `to_json`. Raises UnexpectedJson for a manifest of another version."""
        return TypedJson().read(LandingManifest, json.loads(text))
