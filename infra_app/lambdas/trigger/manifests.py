"""Manifests of loads, in the assets bucket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wires.layout import manifest_key
from wires.manifest import Manifest


@dataclass(frozen=True, kw_only=True)
class Manifests:
    """Writes the manifest of a load, and reads it back."""

    s3: Any
    bucket: str

    def write(self, manifest: Manifest) -> None:
        self.s3.put_object(
            Bucket=self.bucket,
            Key=manifest_key(manifest.load_id),
            Body=manifest.to_json().encode(),
            ContentType="application/json",
        )

    def read(self, load_id: str) -> Manifest:
        answer = self.s3.get_object(Bucket=self.bucket, Key=manifest_key(load_id))
        return Manifest.from_json(answer["Body"].read())
