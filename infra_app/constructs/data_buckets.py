"""One bucket for each zone, and one for their access logs."""

from __future__ import annotations

from typing import cast

import aws_cdk as cdk
import aws_cdk.aws_kms as kms
import aws_cdk.aws_s3 as s3
from constructs import Construct

from config.naming import Names
from config.settings import Retention
from delivery.audit import explain
from infra_app.constructs.removal import removal

_ABANDONED_UPLOADS = s3.LifecycleRule(
    id="AbandonedUploads", abort_incomplete_multipart_upload_after=cdk.Duration.days(7)
)


class DataBuckets(Construct):
    """Encrypted buckets that require TLS and log every access.

    `raw` keeps every version of each upload and sends EventBridge an event for it. Originals move
    to a cheaper class that can still be read at once, because a table whose types widen may read
    them again. The access logs are encrypted with S3's own key: S3 cannot deliver them under
    another.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        key: kms.IKey,
        retention: Retention,
        lock_days: int,
        results_days: int,
    ) -> None:
        """Create the buckets.

        `lock_days` other than 0 locks each upload for that long. Results of queries are removed
        after `results_days`.
        """
        super().__init__(scope, id)
        self._key = key
        self._removal = removal(retention.retain_data)
        tables = [
            _superseded(cdk.Duration.days(retention.superseded_data_days)),
            _tiered(cdk.Duration.days(retention.tables_tiered_after_days)),
        ]
        self.access_logs = self._access_logs_bucket(
            names.access_logs_bucket, keep=cdk.Duration.days(retention.access_log_days)
        )
        self.raw = self._bucket(
            "Raw",
            names.raw_bucket,
            versioned=True,
            lifecycle=[_cold(cdk.Duration.days(retention.raw_cold_after_days))],
            # In this mode those who may bypass it can, for a court's order or a slip.
            lock=s3.ObjectLockRetention.governance(cdk.Duration.days(lock_days))
            if lock_days
            else None,
        )
        self.processed = self._bucket("Processed", names.processed_bucket, lifecycle=tables)
        self.curated = self._bucket("Curated", names.curated_bucket, lifecycle=tables)
        self.quality = self._bucket("Quality", names.quality_bucket, lifecycle=tables)
        self.assets = self._bucket("Assets", names.assets_bucket)
        self.results = self._bucket(
            "Results",
            names.results_bucket,
            lifecycle=[_expired(cdk.Duration.days(results_days))],
        )
        _announce_uploads(self.raw)
        _explain(self)

    def _bucket(
        self,
        id: str,
        name: str,
        *,
        versioned: bool = False,
        lifecycle: list[s3.LifecycleRule] | None = None,
        lock: s3.ObjectLockRetention | None = None,
    ) -> s3.Bucket:
        return s3.Bucket(
            self,
            id,
            bucket_name=name,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self._key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=versioned,
            object_lock_enabled=True if lock else None,
            object_lock_default_retention=lock,
            lifecycle_rules=[_ABANDONED_UPLOADS, *(lifecycle or [])],
            server_access_logs_bucket=self.access_logs,
            server_access_logs_prefix=f"{id.lower()}/",
            removal_policy=self._removal,
        )

    def _access_logs_bucket(self, name: str, *, keep: cdk.Duration) -> s3.Bucket:
        return s3.Bucket(
            self,
            "AccessLogs",
            bucket_name=name,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[
                _ABANDONED_UPLOADS,
                s3.LifecycleRule(id="OldAccessLogs", expiration=keep),
            ],
            removal_policy=self._removal,
        )


def _cold(after: cdk.Duration) -> s3.LifecycleRule:
    return s3.LifecycleRule(
        id="ColdOriginals",
        transitions=[
            s3.Transition(
                storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, transition_after=after
            )
        ],
        noncurrent_version_transitions=[
            s3.NoncurrentVersionTransition(
                storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, transition_after=after
            )
        ],
    )


def _tiered(after: cdk.Duration) -> s3.LifecycleRule:
    # Reading from this class costs no fee, which a query over years would have to pay otherwise.
    return s3.LifecycleRule(
        id="Tiers",
        transitions=[
            s3.Transition(storage_class=s3.StorageClass.INTELLIGENT_TIERING, transition_after=after)
        ],
    )


def _superseded(after: cdk.Duration) -> s3.LifecycleRule:
    return s3.LifecycleRule(
        id="SupersededFiles", tag_filters={"lake-state": "superseded"}, expiration=after
    )


def _expired(after: cdk.Duration) -> s3.LifecycleRule:
    return s3.LifecycleRule(id="OldResults", expiration=after)


def _announce_uploads(bucket: s3.Bucket) -> None:
    # `event_bridge_enabled` would add a Lambda of the CDK to set this one property.
    resource = cast("s3.CfnBucket", bucket.node.default_child)
    resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
        event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(
            event_bridge_enabled=True
        )
    )


_NOT_REPLICATED = "NIST.800.53.R5-S3BucketReplicationEnabled"
_NOT_VERSIONED = "NIST.800.53.R5-S3BucketVersioningEnabled"


def _not_versioned(why: str) -> dict[str, str]:
    return {_NOT_VERSIONED: why, "CKV_AWS_21": why}


def _explain(buckets: DataBuckets) -> None:
    explain(
        buckets.raw,
        {
            _NOT_REPLICATED: "Originals stay in the region that their owner has chosen for them; "
            "every version of them is kept."
        },
    )
    explain(
        buckets.processed,
        {
            _NOT_REPLICATED: "Tables of this zone are made again from the originals.",
            **_not_versioned(
                "No file of a table is ever written twice: each attempt of a load has "
                "a folder of its own."
            ),
        },
    )
    explain(
        buckets.curated,
        {
            _NOT_REPLICATED: "Curated tables are made again from the processed zone.",
            **_not_versioned("Curated files are replaced as whole partitions under new keys."),
        },
    )
    explain(
        buckets.quality,
        {
            _NOT_REPLICATED: "Quarantine holds copies; what they were copied from is in raw.",
            **_not_versioned("The key of a quarantined object or row names its version already."),
        },
    )
    explain(
        buckets.assets,
        {
            _NOT_REPLICATED: "Manifests and commits are of use only beside the tables of their "
            "own region.",
            **_not_versioned(
                "A manifest's key is a hash of its content, and a commit's names its attempt."
            ),
        },
    )
    explain(
        buckets.results,
        {
            _NOT_REPLICATED: "Results are made again by asking again.",
            **_not_versioned("Each query writes under an id of its own, and nothing twice."),
        },
    )
    explain(
        buckets.access_logs,
        {
            _NOT_REPLICATED: "Access logs are read where the buckets are that they are about.",
            **_not_versioned("S3 alone writes access logs, and never twice under one key."),
            "CKV_AWS_18": "Logs of access to the access logs would never end.",
            "NIST.800.53.R5-S3DefaultEncryptionKMS": "S3 delivers access logs to buckets under "
            "its own key only.",
        },
    )
