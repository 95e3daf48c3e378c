"""Sends the events of objects in buckets with EventBridge turned on.

moto's own messages have `eTag` for `etag`, one sequencer for all, and a reason that S3 does not
use; and moto hides every error of a rule's target.
"""

from __future__ import annotations

import itertools
import time
import uuid
from typing import Any

from moto.s3.models import FakeBucket, s3_backends
from moto.s3.notifications import S3NotificationEvent

from local_cloud.events.bus import bus_of
from local_cloud.events.shapes import event_of
from local_cloud.s3.keys import FileKey

_CREATED = {
    S3NotificationEvent.OBJECT_CREATED_PUT_EVENT: "PutObject",
    S3NotificationEvent.OBJECT_CREATED_POST_EVENT: "POST Object",
    S3NotificationEvent.OBJECT_CREATED_COPY_EVENT: "CopyObject",
    S3NotificationEvent.OBJECT_CREATED_COMPLETE_MULTIPART_UPLOAD_EVENT: "CompleteMultipartUpload",
}
_DELETED = {
    S3NotificationEvent.OBJECT_REMOVED_DELETE_EVENT: "DeleteObject",
    S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT: "DeleteObject",
}
_sequence = itertools.count()


def send_object_event(
    account_id: str, bucket: FakeBucket, event_name: S3NotificationEvent, key: Any
) -> None:
    """Send the event of a change; moto calls this for buckets that talk to EventBridge."""
    kind = _kind_of(event_name, key) if isinstance(key, FileKey) else None
    if kind is None:
        return
    detail_type, reason = kind
    bus_of(account_id, bucket.region_name).publish(
        event_of(
            source="aws.s3",
            detail_type=detail_type,
            detail=_detail(account_id, bucket, key, reason),
            account=account_id,
            region=bucket.region_name,
            resources=[bucket.arn],
        )
    )


def _kind_of(event_name: S3NotificationEvent, key: FileKey) -> tuple[str, str] | None:
    """Return detail type and reason; None for what moto reports needlessly beside each upload."""
    if event_name in _CREATED:
        return "Object Created", _CREATED[event_name]
    if event_name in _DELETED:
        return "Object Deleted", _DELETED[event_name]
    if event_name == S3NotificationEvent.OBJECT_TAGGING_PUT_EVENT and _has_tags(key):
        return "Object Tags Added", "PutObjectTagging"
    return None


def _has_tags(key: FileKey) -> bool:
    """Whether an object has tags: moto reports tagging beside each upload, even without tags."""
    tagger = s3_backends[key.account_id][key.partition].tagger
    return bool(tagger.get_tag_dict_for_resource(key.arn))


def _detail(account_id: str, bucket: FakeBucket, key: FileKey, reason: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "key": key.name,
        "size": key.size,
        "etag": key.etag.strip('"'),
        "sequencer": f"{time.time_ns():016X}{next(_sequence):04X}",
    }
    if bucket.is_versioned:
        described["version-id"] = key.version_id
    return {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": described,
        "request-id": uuid.uuid4().hex[:16].upper(),
        "requester": account_id,
        "source-ip-address": "127.0.0.1",
        "reason": reason,
    }
