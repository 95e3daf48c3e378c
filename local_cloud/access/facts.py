"""The facts about resources on which permissions depend: keys, tags, and tables' keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from moto.cloudformation.models import cloudformation_backends
from moto.dynamodb.models import dynamodb_backends
from moto.kms.models import Key, KmsBackend, kms_backends
from moto.s3.models import FakeBucket, s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.utilities.utils import get_partition

from local_cloud.iam.requests import Values
from local_cloud.moto_lock import moto_lock
from local_cloud.s3.backend import FileS3Backend
from local_cloud.s3.names import OrderedKeyStore


@dataclass(frozen=True, kw_only=True)
class Encryption:
    """The key under which something is stored, and what identifies it to the key."""

    key_arn: str
    context: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Looks at one account in one region, as it is now."""

    account: str
    region: str

    @property
    def partition(self) -> str:
        return get_partition(self.region)

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def stack_arn(self, name: str) -> str:
        """Return the ARN of a stack; of one that is not there, with an id that no stack has."""
        stacks = cloudformation_backends[self.account][self.region].stacks.values()
        found = next((stack.stack_id for stack in stacks if stack.name == name), None)
        return found or self.arn("cloudformation", f"stack/{name}/none")

    def secret_arn(self, name: str) -> str:
        """Return the ARN of a secret; of one that is not there, with an ending that none has."""
        if name.startswith("arn:"):
            return name
        secrets = secretsmanager_backends[self.account][self.region].secrets
        found = secrets[name].arn if name in secrets else ""
        return found or self.arn("secretsmanager", f"secret:{name}-000000")

    def encryption_of_object(self, bucket: str, key: str, asked: str = "") -> Encryption | None:
        """Return how an object is encrypted, or will be if a request names a key; None if by S3's
        own key, for which nobody needs a permission."""
        rule = self._rule_of(bucket)
        applied = rule.get("ApplyServerSideEncryptionByDefault", {})
        by_default = applied.get("KMSMasterKeyID", "") if "kms" in str(applied) else ""
        arn = self.key_arn(asked or by_default)
        if not arn:
            return None
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
        has_bucket_key = str(rule.get("BucketKeyEnabled", "")).lower() == "true"
        place = f"arn:{self.partition}:s3:::{bucket}{'' if has_bucket_key else '/' + key}"
        return Encryption(key_arn=arn, context={"aws:s3:arn": place})

    def encryption_of_table(self, table: str) -> Encryption | None:
        found = dynamodb_backends[self.account][self.region].tables.get(table)
        settings = (found.sse_specification if found else None) or {}
        is_on = settings.get("SSEEnabled", settings.get("Enabled", False))
        arn = self.key_arn(settings.get("KMSMasterKeyId", "")) if is_on else ""
        context = {"aws:dynamodb:tableName": table, "aws:dynamodb:subscriberId": self.account}
        return Encryption(key_arn=arn, context=context) if arn else None

    def encryption_of_topic(self, topic_arn: str) -> Encryption | None:
        found = sns_backends[self.account][self.region].topics.get(topic_arn)
        arn = self.key_arn(str(getattr(found, "kms_master_key_id", "") or ""))
        return Encryption(key_arn=arn, context={"aws:sns:topicArn": topic_arn}) if arn else None

    def encryption_of_queue(self, name: str) -> Encryption | None:
        found = sqs_backends[self.account][self.region].queues.get(name)
        arn = self.key_arn(str(getattr(found, "kms_master_key_id", "") or ""))
        context = {"aws:sqs:arn": self.arn("sqs", name)}
        return Encryption(key_arn=arn, context=context) if arn else None

    def key_arn(self, name: str) -> str:
        """Return the ARN of a customer's key, which may be named by its id or an alias.

        Returns "" for keys of AWS itself, which serve all callers of their service.
        """
        found = self._key(name) if name else None
        return str(found.arn) if found else ""

    def key_aliases(self, arn: str) -> Values:
        """Return the aliases of a key."""
        found = self._key(arn)
        return tuple(found.aliases) if found else ()

    def key_policy(self, arn: str) -> Any:
        """Return the policy of a key; None for a key that is not there."""
        found = self._key(arn)
        return found.policy if found else None

    def partition_key(self, table: str, index: str = "") -> str:
        """Return the name of the partition key of a table or an index; "" if it is not there."""
        found = dynamodb_backends[self.account][self.region].tables.get(table)
        if found is None:
            return ""
        if not index:
            return str(found.hash_key_attr)
        for one in found.all_indexes():
            if one.name == index:
                names = [key["AttributeName"] for key in one.schema if key["KeyType"] == "HASH"]
                return str(names[0])
        return ""

    def object_tags(self, bucket: str, key: str, version: str | None) -> Mapping[str, str]:
        """Return the tags of an object; none for one that is not there."""
        with moto_lock:
            backend = s3_backends[self.account][self.partition]
            if bucket not in backend.buckets:
                return {}
            found = backend.get_object(bucket, key, version)
            arn = getattr(found, "arn", None)
            return dict(backend.tagger.get_tag_dict_for_resource(arn)) if arn else {}

    def keys_below(self, bucket: str, prefix: str) -> list[str]:
        """Return the keys of a bucket that begin with a prefix."""
        with moto_lock:
            backend = s3_backends[self.account][self.partition]
            found = backend.buckets.get(bucket)
            if found is None:
                return []
            if isinstance(backend, FileS3Backend) and backend.watched:
                backend.take_over(bucket, prefix)
            keys = cast("OrderedKeyStore", found.keys)
            return list(keys.names.beginning_with(prefix))

    def tag_values(
        self, bucket: str, key: str, version: str | None, condition_key: str
    ) -> Values | None:
        """Return the value of a key such as `s3:ExistingObjectTag/<tag>`."""
        prefix, slash, name = condition_key.partition("/")
        if not slash or prefix != "s3:existingobjecttag":
            return None
        tags = self.object_tags(bucket, key, version)
        # Condition keys arrive in lower case.
        found = {tag.lower(): value for tag, value in tags.items()}.get(name)
        return None if found is None else (found,)

    def _rule_of(self, bucket: str) -> Mapping[str, Any]:
        found: FakeBucket | None = s3_backends[self.account][self.partition].buckets.get(bucket)
        encryption = (found.encryption if found else None) or {}
        rule: Mapping[str, Any] = encryption.get("Rule", {})
        return rule

    def _key(self, name: str) -> Key | None:
        backend: KmsBackend = kms_backends[self.account][self.region]
        plain = name.rpartition(":")[2].removeprefix("key/")
        if plain.startswith("alias/"):
            return next((key for key in backend.keys.values() if plain in key.aliases), None)
        return backend.keys.get(plain)
