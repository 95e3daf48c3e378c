"""Permissions that calls of S3 need.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import unescape

from local_cloud.access.call import AwsCall
from local_cloud.access.facts import Facts
from local_cloud.access.needs.encryption import DECRYPT, NEW_KEY, of_key
from local_cloud.access.needs.need import Need, UnknownCall
from local_cloud.iam.requests import Values

_TO_DELETE = re.compile(
    r"<Object>(?=.*?<Key>(?P<key>.*?)</Key>)(?:(?!</Object>).)*</Object>", re.DOTALL
)
_VERSION = re.compile(r"<VersionId>(.*?)</VersionId>")
_BUCKET_PARTS = {
    "accelerate": "AccelerateConfiguration",
    "cors": "BucketCORS",
    "encryption": "EncryptionConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "location": "BucketLocation",
    "logging": "BucketLogging",
    "notification": "BucketNotification",
    "object-lock": "BucketObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
}
"""Names of a bucket's settings in the addresses of requests, and in actions."""


def needs(call: AwsCall, facts: Facts) -> list[Need]:
    """Return what a call needs. Raises UnknownCall."""
    asked = _S3Call(call, facts)
    if not asked.bucket:
        return [Need(action="s3:ListAllMyBuckets", resource="*")]
    return list(_of_object(asked) if asked.key else _of_bucket(asked))


def listing(bucket: str, facts: Facts) -> Need:
    """Return the need without which S3 does not tell whether an object exists.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    return Need(action="s3:ListBucket", resource=f"arn:{facts.partition}:s3:::{bucket}")


def reading(bucket: str, key: str, facts: Facts, *, version: str | None = None) -> Iterator[Need]:
    """Yield what reading an object needs: of a certain version, an action of its own."""
    yield Need(
        action="s3:GetObject" if version is None else "s3:GetObjectVersion",
        resource=f"arn:{facts.partition}:s3:::{bucket}/{key}",
        keys={} if version is None else {"s3:VersionId": (version,)},
        later=lambda name: facts.tag_values(bucket, key, version, name),
    )


def decrypting(bucket: str, key: str, facts: Facts) -> Iterator[Need]:
    """Yield what is needed to read the bytes of an object."""
    yield from of_key(facts.encryption_of_object(bucket, key), DECRYPT, via="s3", facts=facts)


@dataclass(frozen=True)
class _S3Call:
    """A call with the bucket and the key that it names in its path."""

    call: AwsCall
    facts: Facts

    @cached_property
    def _place(self) -> tuple[str, str]:
        bucket, _, key = self.call.path.removeprefix("/").partition("/")
        return bucket, key

    @property
    def bucket(self) -> str:
        return self._place[0]

    @property
    def key(self) -> str:
        return self._place[1]

    @property
    def version(self) -> str | None:
        return self.call.query.get("versionId")

    def on_bucket(self, action: str, keys: Mapping[str, Values] | None = None) -> Need:
        arn = f"arn:{self.facts.partition}:s3:::{self.bucket}"
        return Need(action=f"s3:{action}", resource=arn, keys=keys or {})

    def on_object(self, action: str, keys: Mapping[str, Values] | None = None) -> Need:
        """Return the need of an action; `{V}` in its name stands for an action on versions."""
        version = self.version
        named = {} if version is None else {"s3:VersionId": (version,)}
        return Need(
            action=f"s3:{action.replace('{V}', '' if version is None else 'Version')}",
            resource=f"arn:{self.facts.partition}:s3:::{self.bucket}/{self.key}",
            keys={**named, **(keys or {})},
            later=lambda name: self.facts.tag_values(self.bucket, self.key, version, name),
        )

    def encrypting(self, *actions: str) -> Iterator[Need]:
        asked = self.call.header("x-amz-server-side-encryption-aws-kms-key-id")
        if self.call.header("x-amz-server-side-encryption") == "AES256":
            return
        encryption = self.facts.encryption_of_object(self.bucket, self.key, asked)
        yield from of_key(encryption, *actions, via="s3", facts=self.facts)


def _of_object(asked: _S3Call) -> Iterator[Need]:
    method, query = asked.call.method, asked.call.query
    if "tagging" in query:
        action = {"GET": "Get", "PUT": "Put", "DELETE": "Delete"}[method]
        yield asked.on_object(f"{action}Object{{V}}Tagging", _tags_of(asked, in_body=True))
    elif "acl" in query:
        yield asked.on_object(f"{'Get' if method == 'GET' else 'Put'}Object{{V}}Acl")
    elif "attributes" in query:
        yield asked.on_object("GetObject{V}")
        yield asked.on_object("GetObject{V}Attributes")
    elif method in ("GET", "HEAD"):
        yield from _read(asked)
    elif method == "DELETE":
        is_upload = "uploadId" in query
        yield asked.on_object("AbortMultipartUpload" if is_upload else "DeleteObject{V}")
    elif method == "PUT" or (method == "POST" and {"uploads", "uploadId"} & query.keys()):
        yield from _write(asked)
    else:
        raise UnknownCall(f"{method} of an object with {', '.join(query)}")


def _read(asked: _S3Call) -> Iterator[Need]:
    if "uploadId" in asked.call.query:
        yield asked.on_object("ListMultipartUploadParts")
        return
    yield from reading(asked.bucket, asked.key, asked.facts, version=asked.version)
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    if asked.call.method == "GET" or asked.call.header("x-amz-checksum-mode"):
        yield from decrypting(asked.bucket, asked.key, asked.facts)


def _write(asked: _S3Call) -> Iterator[Need]:
    call = asked.call
    yield asked.on_object("PutObject", _keys_of_write(asked))
    if call.header("x-amz-tagging"):
        yield asked.on_object("PutObjectTagging", _tags_of(asked, in_body=False))
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    if call.header("if-match"):
        yield asked.on_object("GetObject")
    yield from _of_copy(asked)
    # Parts are put together after they have been decrypted.
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
    is_multipart = bool({"uploads", "uploadId"} & call.query.keys())
    yield from asked.encrypting(*([NEW_KEY, DECRYPT] if is_multipart else [NEW_KEY]))


def _of_copy(asked: _S3Call) -> Iterator[Need]:
    """Yield what a copy needs beyond a write: the source, and its tags if it has any.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    """
    source = asked.call.header("x-amz-copy-source")
    if not source:
        return
    path, _, query = source.partition("?")
    bucket, _, key = unquote(path).removeprefix("/").partition("/")
    version = dict(parse_qsl(query)).get("versionId")
    yield from reading(bucket, key, asked.facts, version=version)
    yield from decrypting(bucket, key, asked.facts)
    is_replaced = asked.call.header("x-amz-tagging-directive").upper() == "REPLACE"
    is_part = "uploadId" in asked.call.query
    if not (is_replaced or is_part) and asked.facts.object_tags(bucket, key, version):
        action = "s3:GetObjectTagging" if version is None else "s3:GetObjectVersionTagging"
        arn = f"arn:{asked.facts.partition}:s3:::{bucket}/{key}"
        yield Need(action=action, resource=arn)
        yield asked.on_object("PutObjectTagging")


def _of_bucket(asked: _S3Call) -> Iterator[Need]:
    method, query = asked.call.method, asked.call.query
    part = next((name for name in query if name in _BUCKET_PARTS), None)
    if part is not None:
        verb = "Get" if method == "GET" else "Put"
        deletes = method == "DELETE" and part == "policy"
        yield asked.on_bucket(f"{'Delete' if deletes else verb}{_BUCKET_PARTS[part]}")
    elif "delete" in query:
        yield from _of_several(asked)
    elif "uploads" in query:
        yield asked.on_bucket("ListBucketMultipartUploads", _keys_of_listing(asked))
    elif "versions" in query:
        yield asked.on_bucket("ListBucketVersions", _keys_of_listing(asked))
    elif method in ("GET", "HEAD"):
        yield asked.on_bucket("ListBucket", _keys_of_listing(asked))
    elif method in ("PUT", "DELETE") and not query:
        yield asked.on_bucket("CreateBucket" if method == "PUT" else "DeleteBucket")
    else:
        raise UnknownCall(f"{method} of a bucket with {', '.join(query)}")


def _of_several(asked: _S3Call) -> Iterator[Need]:
    """Yield what DeleteObjects needs for each object."""
    for found in _TO_DELETE.finditer(asked.call.body.decode()):
        is_version = _VERSION.search(found[0]) is not None
        yield Need(
            action="s3:DeleteObjectVersion" if is_version else "s3:DeleteObject",
            resource=f"arn:{asked.facts.partition}:s3:::{asked.bucket}/{unescape(found['key'])}",
        )


def _keys_of_listing(asked: _S3Call) -> Mapping[str, Values]:
    given = {name: asked.call.query.get(name) for name in ("prefix", "delimiter", "max-keys")}
    return {f"s3:{name}": (value,) for name, value in given.items() if value is not None}


def _keys_of_write(asked: _S3Call) -> Mapping[str, Values]:
    given = {
        f"s3:{name}": asked.call.header(name)
        for name in (
            "x-amz-acl",
            "x-amz-copy-source",
            "x-amz-metadata-directive",
            "x-amz-server-side-encryption",
            "x-amz-server-side-encryption-aws-kms-key-id",
            "x-amz-storage-class",
            "if-match",
            "if-none-match",
        )
    }
    plain = {name: (value,) for name, value in given.items() if value}
    return {**plain, **_tags_of(asked, in_body=False)}


def _tags_of(asked: _S3Call, *, in_body: bool) -> Mapping[str, Values]:
    """Return the condition keys about tags that a request sets."""
    if in_body and asked.call.method == "PUT":
        text = asked.call.body.decode()
        pairs = re.findall(r"<Key>(.*?)</Key>\s*<Value>(.*?)</Value>", text, re.DOTALL)
        tags = {unescape(name): unescape(value) for name, value in pairs}
    else:
        tags = dict(parse_qsl(asked.call.header("x-amz-tagging")))
    if not tags:
        return {}
    named: dict[str, Values] = {f"s3:RequestObjectTag/{n}": (v,) for n, v in tags.items()}
    return {**named, "s3:RequestObjectTagKeys": tuple(tags)}
