"""Permissions for `s3://` paths that a program opens as files, past the API."""

from __future__ import annotations

import re
from collections.abc import Iterator

from local_cloud.access.facts import Facts
from local_cloud.access.needs.encryption import NEW_KEY, of_key
from local_cloud.access.needs.need import Need
from local_cloud.access.needs.s3 import decrypting, listing, reading

_LOCATION = re.compile(r"s3[an]?://(?P<bucket>[^/]+)/?(?P<key>.*)", re.DOTALL)
_GLOB = re.compile(r"[*?{\[]")


def needs_of_reading(location: str, facts: Facts) -> Iterator[Need]:
    """Yield what reading an object needs, or all objects below a folder or a glob."""
    bucket, key = _place(location)
    found = facts.keys_below(bucket, _GLOB.split(key)[0])
    if key in found:
        found = [key]
    else:
        prefix = key if key.endswith("/") or not key else f"{key}/"
        found = found if _GLOB.search(key) else [one for one in found if one.startswith(prefix)]
        yield Need(
            action="s3:ListBucket",
            resource=listing(bucket, facts).resource,
            keys={"s3:prefix": (prefix,)},
        )
    for one in found:
        yield from reading(bucket, one, facts)
        yield from decrypting(bucket, one, facts)


def needs_of_writing(location: str, facts: Facts) -> Iterator[Need]:
    """Yield what writing files into a folder needs."""
    bucket, key = _place(location)
    folder = f"{key.rstrip('/')}/*"
    yield Need(action="s3:PutObject", resource=f"arn:{facts.partition}:s3:::{bucket}/{folder}")
    encryption = facts.encryption_of_object(bucket, folder)
    yield from of_key(encryption, NEW_KEY, via="s3", facts=facts)


def _place(location: str) -> tuple[str, str]:
    found = _LOCATION.fullmatch(location)
    if found is None:
        raise ValueError(f"{location!r}: expected s3://bucket/key")
    return found["bucket"], found["key"]
