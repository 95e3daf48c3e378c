"""S3: buckets with or without versions, conditional puts, tags, listings."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from simulation.services.answers import Answer, NotPlayed, Now, Params, Refused, only, play

_PAGE = 1000
Watcher = Callable[[str, str, "Stored | None", "Stored"], None]
"""Is told of an object before and after each put."""


@dataclass
class Stored:
    """One version of an object."""

    version_id: str
    body: bytes
    at: float
    tags: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"'


class Body(io.BytesIO):
    """The body of an answer, as botocore has it."""

    def iter_chunks(self, size: int = 1024) -> Iterator[bytes]:
        while block := self.read(size):
            yield block


@dataclass
class Bucket:
    is_versioned: bool = False
    objects: dict[str, list[Stored]] = field(default_factory=dict)
    """Versions by key, the newest last."""


@dataclass
class S3:
    """All buckets of an account."""

    buckets: dict[str, Bucket]
    now: Now
    watch: Watcher = lambda *_: None
    tagged: Callable[[str, str, Mapping[str, str]], None] = lambda *_: None
    """Is told of bucket, key and the tags that an object gets."""
    _versions: int = 0

    def call(self, operation: str, params: Params) -> Answer:
        operations: Mapping[str, Callable[[Params], Answer]] = {
            "PutObject": self._put,
            "GetObject": self._get,
            "HeadObject": self._head,
            "CopyObject": self._copy,
            "DeleteObject": self._delete,
            "PutObjectTagging": self._tag,
            "GetObjectTagging": self._tags,
            "ListObjectsV2": self._list,
            "ListObjectVersions": self._list_versions,
        }
        return play(operations, operation, params)

    def expire(self, bucket: str, *, tag: tuple[str, str], older_than: float) -> int:
        """Remove objects as a lifecycle rule with a tag does; return how many."""
        objects = self.buckets[bucket].objects
        gone = [
            key
            for key, versions in objects.items()
            if versions[-1].tags.get(tag[0]) == tag[1] and versions[-1].at < older_than
        ]
        for key in gone:
            del objects[key]
        return len(gone)

    def _put(self, params: Params) -> Answer:
        only(params, "Bucket", "Key", "Body", "ContentType", "IfNoneMatch", "Metadata")
        objects = self._bucket(params).objects
        if params.get("IfNoneMatch") == "*" and objects.get(params["Key"]):
            raise Refused("PreconditionFailed", "At least one precondition failed", 412)
        body = params.get("Body", b"")
        content = body if isinstance(body, bytes) else bytes(body.read())
        answer = self._stored(params["Bucket"], params["Key"], content, {})
        objects[params["Key"]][-1].metadata = dict(params.get("Metadata", {}))
        return answer

    def _delete(self, params: Params) -> Answer:
        only(params, "Bucket", "Key")
        place = self._bucket(params)
        if place.is_versioned:
            raise NotPlayed("markers of deletion in a bucket with versions")
        place.objects.pop(params["Key"], None)
        return {}

    def _stored(self, bucket: str, key: str, body: bytes, tags: dict[str, str]) -> Answer:
        place = self.buckets[bucket]
        self._versions += 1
        version = f"v{self._versions:06d}" if place.is_versioned else "null"
        new = Stored(version, body, self.now(), tags)
        before = place.objects.get(key)
        self.watch(bucket, key, before[-1] if before else None, new)
        place.objects[key] = [*(before or ()), new] if place.is_versioned else [new]
        answer = {"ETag": new.etag}
        return {**answer, "VersionId": version} if place.is_versioned else answer

    def _copy(self, params: Params) -> Answer:
        only(params, "Bucket", "Key", "CopySource", "TaggingDirective", "MetadataDirective")
        source = params["CopySource"]
        wanted = {name: source[name] for name in ("Bucket", "Key", "VersionId") if name in source}
        found = self._found(wanted)
        self._bucket(params)
        tags = {} if params.get("TaggingDirective") == "REPLACE" else dict(found.tags)
        answer = self._stored(params["Bucket"], params["Key"], found.body, tags)
        if params.get("MetadataDirective") != "REPLACE":
            self._found({**params, **answer}).metadata = dict(found.metadata)
        return {"CopyObjectResult": {"ETag": answer.pop("ETag")}, **answer}

    def _get(self, params: Params) -> Answer:
        only(params, "Bucket", "Key", "VersionId", "Range")
        found = self._found(params)
        body = found.body
        answer = self._described(params, found)
        if "Range" in params:
            start, end = _range(params["Range"], len(body))
            answer["ContentRange"] = f"bytes {start}-{end - 1}/{len(body)}"
            body = body[start:end]
            answer["ContentLength"] = len(body)
        return {**answer, "Body": Body(body)}

    def _head(self, params: Params) -> Answer:
        only(params, "Bucket", "Key", "VersionId")
        try:
            return self._described(params, self._found(params))
        except Refused as refused:
            # An answer to HEAD has no body that could say more.
            raise Refused(str(refused.status), "Not Found", refused.status) from None

    def _described(self, params: Params, found: Stored) -> Answer:
        answer: Answer = {
            "ContentLength": len(found.body),
            "ETag": found.etag,
            "LastModified": datetime.fromtimestamp(int(found.at), UTC),
            "Metadata": found.metadata,
        }
        if self._bucket(params).is_versioned:
            answer["VersionId"] = found.version_id
        if found.tags:
            answer["TagCount"] = len(found.tags)
        return answer

    def _tag(self, params: Params) -> Answer:
        only(params, "Bucket", "Key", "VersionId", "Tagging")
        tags = {tag["Key"]: tag["Value"] for tag in params["Tagging"]["TagSet"]}
        self.tagged(params["Bucket"], params["Key"], tags)
        self._found(params).tags = tags
        return {}

    def _tags(self, params: Params) -> Answer:
        only(params, "Bucket", "Key", "VersionId")
        tags = self._found(params).tags
        return {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _list(self, params: Params) -> Answer:
        only(params, "Bucket", "Prefix", "ContinuationToken", "MaxKeys", "StartAfter")
        objects, prefix = self._bucket(params).objects, params.get("Prefix", "")
        after = params.get("ContinuationToken") or params.get("StartAfter", "")
        keys = sorted(
            (key for key in objects if key.startswith(prefix) and key > after),
            key=lambda key: key.encode(),
        )
        page = keys[: params.get("MaxKeys", _PAGE)]
        contents = [{"Key": key, **_listed(objects[key][-1])} for key in page]
        answer: Answer = {"IsTruncated": len(page) < len(keys), "KeyCount": len(page)}
        if contents:
            answer["Contents"] = contents
        if answer["IsTruncated"]:
            answer["NextContinuationToken"] = page[-1]
        return answer

    def _list_versions(self, params: Params) -> Answer:
        only(params, "Bucket", "Prefix", "KeyMarker", "VersionIdMarker")
        objects = self._bucket(params).objects
        found = [
            {
                "Key": key,
                "VersionId": version.version_id,
                "IsLatest": version is versions[-1],
                **_listed(version),
            }
            for key, versions in sorted(objects.items())
            if key.startswith(params.get("Prefix", ""))
            for version in reversed(versions)
        ]
        return {"IsTruncated": False, "Versions": found}

    def _found(self, params: Params) -> Stored:
        versions = self._bucket(params).objects.get(params["Key"], [])
        if "VersionId" in params:
            for version in versions:
                if version.version_id == params["VersionId"]:
                    return version
            raise Refused("NoSuchVersion", "The specified version does not exist.", 404)
        if not versions:
            raise Refused("NoSuchKey", "The specified key does not exist.", 404)
        return versions[-1]

    def _bucket(self, params: Params) -> Bucket:
        try:
            return self.buckets[params["Bucket"]]
        except KeyError:
            raise Refused("NoSuchBucket", "The specified bucket does not exist", 404) from None


def _range(text: str, size: int) -> tuple[int, int]:
    first, _, last = text.removeprefix("bytes=").partition("-")
    if not first:
        return max(0, size - int(last)), size
    if int(first) >= size:
        raise Refused("InvalidRange", "The requested range is not satisfiable", 416)
    return int(first), min(size, int(last) + 1) if last else size


def _listed(stored: Stored) -> dict[str, Any]:
    at = datetime.fromtimestamp(int(stored.at), UTC)
    return cast(
        "dict[str, Any]", {"LastModified": at, "ETag": stored.etag, "Size": len(stored.body)}
    )
