"""Objects that were uploaded long ago."""

from __future__ import annotations

from datetime import timedelta

from moto.s3.models import s3_backends


def backdate(account: str, bucket: str, key: str, age: timedelta) -> None:
    """Let all versions of an object be older than they are."""
    for version in s3_backends[account]["aws"].buckets[bucket].keys.getlist(key):
        version.last_modified -= age
