"""The topic on which people get alerts."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk.aws_kms as kms
import aws_cdk.aws_sns as sns
from constructs import Construct

from config.naming import Names


class Alerts(Construct):
    """A topic that accepts messages over TLS only, encrypts them with the key, and tells people.

    Subscribers by e-mail get a message to confirm first; endpoints have to answer one.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        key: kms.IKey,
        subscribers: Sequence[str],
    ) -> None:
        super().__init__(scope, id)
        self.topic = sns.Topic(
            self, "Topic", topic_name=names.alerts_topic, master_key=key, enforce_ssl=True
        )
        for number, address in enumerate(subscribers, start=1):
            is_endpoint = address.startswith("https://")
            sns.Subscription(
                self,
                f"Subscriber{number}",
                topic=self.topic,
                protocol=sns.SubscriptionProtocol.HTTPS
                if is_endpoint
                else sns.SubscriptionProtocol.EMAIL,
                endpoint=address,
            )
