"""Permissions for the keys of what a caller reads or writes: services ask KMS in its name.

https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from local_cloud.access.facts import Encryption, Facts
from local_cloud.access.needs.need import Need
from local_cloud.iam.requests import Values

DECRYPT, NEW_KEY = "kms:Decrypt", "kms:GenerateDataKey"


def of_key(encryption: Encryption | None, *actions: str, via: str, facts: Facts) -> Iterator[Need]:
    """Yield what is needed of a key, if something is encrypted under one.

    `via` is the service that asks KMS.
    """
    if encryption is None:
        return
    keys: Mapping[str, Values] = {
        "kms:ViaService": (f"{via}.{facts.region}.amazonaws.com",),
        "kms:CallerAccount": (facts.account,),
        "kms:ResourceAliases": facts.key_aliases(encryption.key_arn),
        "kms:EncryptionContextKeys": tuple(encryption.context),
        **{f"kms:EncryptionContext:{n}": (v,) for n, v in encryption.context.items()},
    }
    for action in actions:
        yield Need(action=action, resource=encryption.key_arn, keys=keys)
