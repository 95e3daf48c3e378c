"""The manifest of a load: its object versions.

Written by the dispatcher to the assets bucket, read by the job. The load id is a hash of the object
versions, so the same set always has the same load id, until people have some of it tried again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from wires.errors import ManifestError, UnexpectedJson
from wires.typed_json import TypedJson

_VERSION = 1
_LONGEST_SEQUENCER = 64


@dataclass(frozen=True, kw_only=True, order=True)
class ObjectVersion:
    """One version of one uploaded object, as its event described it."""

    key: str
    version_id: str
    size: int
    """Bytes as stored, before any decompression."""
    uploaded_at: str
    """ISO 8601, UTC. Its day is the partition of the rows, whenever they are processed."""
    sequencer: str = field(default="", compare=False)
    """The order of uploads according to S3's event, in hexadecimal digits."""
    redriven: int = field(default=0, compare=False)
    """How often it was put back after it had ended badly."""

    @property
    def upload_order(self) -> tuple[str, str]:
        """A sort key: later uploads are greater.

        Events have whole seconds, within which the sequencer decides. S3 guarantees its order for
        versions of one key; for different keys it is the best there is.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
        """
        return self.uploaded_at, self.sequencer.upper().ljust(_LONGEST_SEQUENCER, "0")

    @property
    def uploaded_on(self) -> datetime:
        """`uploaded_at` as an aware datetime in UTC."""
        return datetime.fromisoformat(self.uploaded_at)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The object versions of one load; they are in one bucket."""

    load_id: str
    bucket: str
    objects: tuple[ObjectVersion, ...]

    @classmethod
    def of(cls, bucket: str, objects: Iterable[ObjectVersion]) -> Manifest:
        """Return the manifest of these versions, sorted so that the given order does not matter."""
        ordered = tuple(sorted(objects))
        return cls(load_id=load_id_of(bucket, ordered), bucket=bucket, objects=ordered)

    def to_json(self) -> str:
        return json.dumps({"version": _VERSION, **asdict(self)}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str | bytes) -> Manifest:
        """Parse a manifest. Raises ManifestError if the text is none of this version."""
        try:
            content: dict[str, Any] = json.loads(text)
            version = content.pop("version")
            if version != _VERSION:
                raise ManifestError(
                    f"manifest version {version!r}, expected {_VERSION}: "
                    "dispatcher and job must be of one release"
                )
            # Those of earlier releases stay: they say where rows come from.
            return TypedJson(lenient=True).read(cls, content)
        except (AttributeError, KeyError, TypeError, ValueError, UnexpectedJson) as error:
            raise ManifestError(f"not a manifest: {error!r}") from error


def load_id_of(bucket: str, objects: Iterable[ObjectVersion]) -> str:
    """Return 16 hexadecimal digits that depend on bucket, keys, version ids and redrives only.

    A version that was put back comes in another load than before: the one before is over, and
    tables take what has its id for something that they have.
    """
    digest = hashlib.sha256()
    for item in sorted(objects):
        again = [item.redriven] if item.redriven else []
        digest.update(json.dumps([bucket, item.key, item.version_id, *again]).encode())
    return digest.hexdigest()[:16]
