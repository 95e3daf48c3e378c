"""The topics on which people get alerts, and who gets them."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
import aws_cdk.aws_chatbot as chatbot
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_sns as sns
from constructs import Construct

from config import settings
from config.naming import Names
from wires.alerts import Topic

_CONSTRUCTS = {Topic.FAILURES: "Topic", Topic.QUALITY: "Quality", Topic.RECOVERIES: "Recoveries"}


class Alerts(Construct):
    """Topics that accept messages over TLS only, encrypt them with the key, and tell people.

    Subscribers by e-mail get a message to confirm first; endpoints have to answer one.
    """

    def __init__(
        self, scope: Construct, id: str, *, names: Names, key: kms.IKey, told: settings.Alarms
    ) -> None:
        super().__init__(scope, id)
        physical = {
            Topic.FAILURES: names.alerts_topic,
            Topic.QUALITY: names.quality_topic,
            Topic.RECOVERIES: names.recoveries_topic,
        }
        self.topics: Mapping[Topic, sns.Topic] = {
            topic: sns.Topic(
                self, _CONSTRUCTS[topic], topic_name=name, master_key=key, enforce_ssl=True
            )
            for topic, name in physical.items()
        }
        for topic, addresses in told.subscribers.items():
            for number, address in enumerate(addresses, start=1):
                self._subscribe(topic, number, address)
        if told.slack_workspace:
            self._chat(names, told)

    def _subscribe(self, topic: Topic, number: int, address: str) -> None:
        is_endpoint = address.startswith("https://")
        protocol = sns.SubscriptionProtocol.HTTPS if is_endpoint else sns.SubscriptionProtocol.EMAIL
        sns.Subscription(
            self,
            f"{topic.capitalize()}Subscriber{number}",
            topic=self.topics[topic],
            protocol=protocol,
            endpoint=address,
        )

    def _chat(self, names: Names, told: settings.Alarms) -> None:
        """Have Amazon Q Developer show all topics in a channel, and let nobody command from there.

        The channel's role has no permissions, and without a guardrail it would be open to whoever
        adds some: https://docs.aws.amazon.com/chatbot/latest/adminguide/understanding-permissions.html
        """
        role = iam.Role(
            self,
            "ChatRole",
            role_name=names.chat_role,
            description="Amazon Q Developer, which shows alerts in a chat",
            assumed_by=iam.ServicePrincipal("chatbot.amazonaws.com"),
        )
        nothing = f"arn:{cdk.Aws.PARTITION}:iam::aws:policy/AWSDenyAll"
        chatbot.CfnSlackChannelConfiguration(
            self,
            "Chat",
            configuration_name=names.of("alerts"),
            iam_role_arn=role.role_arn,
            slack_workspace_id=told.slack_workspace,
            slack_channel_id=told.slack_channel,
            sns_topic_arns=[topic.topic_arn for topic in self.topics.values()],
            guardrail_policies=[nothing],
            user_role_required=False,
        )
