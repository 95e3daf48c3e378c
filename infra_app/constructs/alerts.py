"""The topic on which people get alerts."""

from __future__ import annotations

import aws_cdk.aws_kms as kms
import aws_cdk.aws_sns as sns
from constructs import Construct

from config.naming import Names


class Alerts(Construct):
    """A topic that accepts messages over TLS only and encrypts them with the key."""

    def __init__(self, scope: Construct, id: str, *, names: Names, key: kms.IKey) -> None:
        super().__init__(scope, id)
        self.topic = sns.Topic(
            self, "Topic", topic_name=names.alerts_topic, master_key=key, enforce_ssl=True
        )
