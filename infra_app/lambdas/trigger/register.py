"""Registers each uploaded object once, with its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger

from wires.formats import HEAD_BYTES
from wires.metrics import Metric
from wires.object_ledger import ObjectLedger, ObjectStatus
from wires.quarantine import KEPT_AT, quarantine_object
from wires.redrives import MARK, Redrives
from wires.s3_errors import DENIED, GONE

from .alerts import Alerts
from .decide import ACCEPTED, Verdict, by_content, by_name, by_tags
from .events import ObjectUploaded
from .faults import receives_of, upload_reason
from .metrics import Measured, Metrics, of_ending
from .settings import TriggerSettings

logger = Logger(service="trigger", child=True)


class Registrar:
    """Decides about object versions and enters them into the ledger."""

    def __init__(
        self,
        *,
        settings: TriggerSettings,
        ledger: ObjectLedger,
        redrives: Redrives,
        s3: Any,
        alerts: Alerts,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._redrives = redrives
        self._s3 = s3
        self._alerts = alerts
        self._metrics = metrics

    def register(self, uploaded: ObjectUploaded, *, receives: int = 1) -> bool:
        """Register an object version; True if it now waits for a run, and did not before.

        Raises what has failed while its message may come again; after that the object is entered as
        failed. `receives` says how often the message has come by now.
        """
        try:
            return self._register(uploaded)
        except Exception as error:
            if receives < receives_of(error, most=self._settings.max_receive_count):
                raise
            logger.exception("undecided", extra={"key": uploaded.version.key})
            self._give_up(uploaded, upload_reason(error))
            return False

    def _register(self, uploaded: ObjectUploaded) -> bool:
        version = uploaded.version
        if uploaded.again:
            entry = self._ledger.get(version.key, version.version_id)
            if MARK in entry:
                return self._decide_again(uploaded, entry)
        verdict = self._verdict(uploaded)
        details: dict[str, str] = {}
        if verdict.status is ObjectStatus.REJECTED:
            # An event may come twice, but a refusal is announced once.
            if self._ledger.get(version.key, version.version_id):
                return False
            # Before the ledger: if it fails, the message comes back and it is repeated.
            details[KEPT_AT] = self._quarantine(uploaded, verdict.reason)
        entered = self._ledger.register(
            uploaded.bucket,
            version,
            registered_at=version.uploaded_at,
            status=verdict.status,
            reason=verdict.reason,
            details=details,
        )
        logger.info(
            "registered",
            extra={"key": version.key, "version_id": version.version_id, "new": entered}
            | {"status": verdict.status.value, "reason": verdict.reason},
        )
        if entered:
            self._measure(version.size, verdict.status)
        return entered and verdict.status is ObjectStatus.PENDING

    def _measure(self, size: int, status: ObjectStatus) -> None:
        if status is ObjectStatus.PENDING:
            self._metrics.write([Measured(name=Metric.BYTES_IN, values=[size])])
        else:
            self._metrics.write([of_ending(status.value)])

    def _give_up(self, uploaded: ObjectUploaded, reason: str) -> None:
        version = uploaded.version
        if self._ledger.get(version.key, version.version_id):
            return
        try:
            self._alerts.upload_undecided(uploaded.bucket, version, reason)
        finally:
            self._ledger.register(
                uploaded.bucket,
                version,
                registered_at=version.uploaded_at,
                status=ObjectStatus.FAILED,
                reason=reason,
            )
            self._measure(version.size, ObjectStatus.FAILED)

    def _decide_again(self, uploaded: ObjectUploaded, entry: Mapping[str, Any]) -> bool:
        """Decide anew about an object that people have put back; True if it now waits for a run."""
        version = uploaded.version
        verdict = self._verdict(uploaded)
        is_news = (verdict.status, verdict.reason) != (entry["status"], entry["reason"])
        if verdict.status is ObjectStatus.REJECTED and is_news:
            # The same refusal was announced when it was new.
            self._quarantine(uploaded, verdict.reason)
        entered = self._redrives.decide(
            version,
            uploaded.bucket,
            verdict.status,
            verdict.reason,
            now=datetime.now(UTC).isoformat(),
        )
        logger.info(
            "decided again",
            extra={"key": version.key, "version_id": version.version_id, "new": entered}
            | {"status": verdict.status.value, "reason": verdict.reason},
        )
        return entered and verdict.status is ObjectStatus.PENDING

    def _verdict(self, uploaded: ObjectUploaded) -> Verdict:
        version = uploaded.version
        verdict = by_name(version.key, version.size, max_bytes=self._settings.max_object_bytes)
        if verdict is not ACCEPTED:
            return verdict
        try:
            return self._verdict_by_reading(uploaded)
        except self._s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in GONE:
                return Verdict(ObjectStatus.IGNORED, "deleted before it could be read")
            raise

    def _verdict_by_reading(self, uploaded: ObjectUploaded) -> Verdict:
        is_required = bool(self._settings.malware_scan_required)
        # An object to be scanned is not read before that. Without scans, few objects have tags.
        verdict = self._verdict_by_tags(uploaded) if is_required else ACCEPTED
        if verdict is not ACCEPTED:
            return verdict
        try:
            head, has_tags = self._head(uploaded)
        except self._s3.exceptions.ClientError as error:
            # A bucket policy may deny everybody access to malware.
            if error.response["Error"]["Code"] in DENIED:
                verdict = self._verdict_by_tags(uploaded)
            if verdict is ACCEPTED:
                raise
            return verdict
        if has_tags and not is_required:
            verdict = self._verdict_by_tags(uploaded)
        return by_content(uploaded.version.key, head) if verdict is ACCEPTED else verdict

    def _verdict_by_tags(self, uploaded: ObjectUploaded) -> Verdict:
        is_required = bool(self._settings.malware_scan_required)
        return by_tags(self._tags(uploaded), scan_required=is_required)

    def _head(self, uploaded: ObjectUploaded) -> tuple[bytes, bool]:
        """Return the first bytes, and whether there are tags.

        S3 reports the number of tags to those who may read them.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html#API_GetObject_ResponseSyntax
        """
        answer = self._s3.get_object(
            Bucket=uploaded.bucket,
            Key=uploaded.version.key,
            VersionId=uploaded.version.version_id,
            Range=f"bytes=0-{HEAD_BYTES - 1}",
        )
        head: bytes = answer["Body"].read()
        return head, bool(answer.get("TagCount"))

    def _tags(self, uploaded: ObjectUploaded) -> dict[str, str]:
        answer = self._s3.get_object_tagging(
            Bucket=uploaded.bucket,
            Key=uploaded.version.key,
            VersionId=uploaded.version.version_id,
        )
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

    def _quarantine(self, uploaded: ObjectUploaded, reason: str) -> str:
        return quarantine_object(
            s3=self._s3,
            sns=self._alerts.sns,
            raw_bucket=uploaded.bucket,
            quality_bucket=self._settings.quality_bucket,
            alerts_topic_arn=self._alerts.topic_arn,
            version=uploaded.version,
            reason=reason,
        )
