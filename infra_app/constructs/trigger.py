"""The trigger function, which registers uploads and starts Glue runs for them."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
import aws_cdk.aws_kms as kms
import aws_cdk.aws_lambda_event_sources as event_sources
import aws_cdk.aws_sqs as sqs
from constructs import Construct

from config import settings
from config.naming import Names
from delivery.audit import explain
from infra_app.constructs.network import Network
from infra_app.constructs.python_function import python_function
from infra_app.lambdas.trigger.settings import TriggerSettings

TIMEOUT = cdk.Duration.seconds(120)


class Trigger(Construct):
    """A function that reads from the queue, and returns messages that failed.

    It may write its own log group; the stack grants all other permissions.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        key: kms.IKey,
        code: Path,
        queue: sqs.IQueue,
        environment: TriggerSettings,
        sizes: settings.Trigger,
        retention: settings.Retention,
        network: Network | None,
    ) -> None:
        super().__init__(scope, id)
        made = python_function(
            self,
            name=names.trigger_function,
            description="Registers uploads and starts Glue runs for them",
            handler="trigger.handler.handle",
            code=code,
            environment=environment,
            timeout=TIMEOUT,
            memory=512,
            key=key,
            retention=retention,
            network=network,
        )
        self.role, self.function = made.role, made.function
        self._feed_from(queue, sizes)
        self._explain()

    def _feed_from(self, queue: sqs.IQueue, sizes: settings.Trigger) -> None:
        self.function.add_event_source(
            event_sources.SqsEventSource(
                queue,
                batch_size=sizes.batch_size,
                max_batching_window=cdk.Duration.seconds(sizes.batch_window_seconds),
                report_batch_item_failures=True,
                max_concurrency=2,
            )
        )

    def _explain(self) -> None:
        explain(
            self.function,
            {
                "CKV_AWS_115": "The queue's event source holds it to two invocations at once.",
                "CKV_AWS_116": "It is fed from a queue, which has dead letters of its own.",
                "CKV_AWS_117": "It calls AWS alone; `network.vpc` puts it into a VPC.",
                "CKV_AWS_173": "Its variables are names and limits, and nothing secret.",
                "AwsSolutions-L1": "Python 3.13 is the Python of Glue 6.0: `wires` runs in both.",
                "NIST.800.53.R5-LambdaConcurrency": "The queue's event source holds it to two "
                "invocations at once; a reserve would be taken from the account's other functions.",
                "NIST.800.53.R5-LambdaDLQ": "It is fed from a queue, which has dead letters.",
                "NIST.800.53.R5-LambdaInsideVPC": "It calls AWS alone, under a role that names "
                "what it may call; `network.vpc` puts it into a VPC.",
            },
        )
