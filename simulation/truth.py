"""What was uploaded, and what has to become of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

KEYED = "orders"
"""Dataset whose contract has a key, so that its latest rows are a table."""


class Kind(StrEnum):
    """What an upload is, by which its end is known."""

    GOOD = "good rows"
    MIXED = "good and malformed rows"
    BAD = "malformed rows alone"
    BINARY = "no text"
    EMPTY = "empty"
    AGAIN = "the content of an earlier upload under its key"


@dataclass(frozen=True)
class Row:
    """One good row of a file."""

    uid: int
    key: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Upload:
    """One object version."""

    key: str
    version_id: str
    at: float
    kind: Kind
    dataset: str
    body: bytes
    rows: tuple[Row, ...] = ()
    malformed: int = 0

    @property
    def name(self) -> tuple[str, str]:
        return self.key, self.version_id

    @property
    def uids(self) -> frozenset[int]:
        return frozenset(row.uid for row in self.rows)


@dataclass
class Truth:
    """All uploads of a simulation."""

    uploads: dict[tuple[str, str], Upload] = field(default_factory=dict)

    def add(self, upload: Upload) -> None:
        self.uploads[upload.name] = upload

    def twins(self, upload: Upload) -> list[Upload]:
        """Return the other uploads of the same content under the same key."""
        return [
            other
            for other in self.uploads.values()
            if (other.key, other.body) == (upload.key, upload.body) and other is not upload
        ]

    @property
    def rows(self) -> Mapping[int, tuple[str, Row]]:
        """Dataset and row of each uid."""
        return {
            row.uid: (upload.dataset, row)
            for upload in self.uploads.values()
            for row in upload.rows
        }

    def contents(self, dataset: str) -> list[Upload]:
        """Return one upload for each content of a dataset."""
        found: dict[tuple[str, bytes], Upload] = {}
        for upload in self.uploads.values():
            if upload.dataset == dataset and upload.rows:
                found.setdefault((upload.key, upload.body), upload)
        return list(found.values())
