"""Entry point: one SQS batch in, the messages that must come back out."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from wires.lease import Leases
from wires.load_ledger import LoadLedger
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectLedger
from wires.run_ledger import RunLedger
from wires.workflow_ledger import WorkflowLedger

from .dispatch import Dispatcher
from .events import ObjectUploaded, RunEnded, WorkflowDue, parse
from .register import Registrar
from .settings import TriggerSettings

logger = Logger(service="trigger")


class Trigger:
    """The function's parts, wired to AWS once per runtime."""

    def __init__(self, settings: TriggerSettings) -> None:
        tables = boto3.resource("dynamodb")
        objects = ObjectLedger(tables.Table(settings.objects_table))
        state = tables.Table(settings.state_table)
        s3, sns = boto3.client("s3"), boto3.client("sns")
        self.registrar = Registrar(settings=settings, ledger=objects, s3=s3, sns=sns)
        self.dispatcher = Dispatcher(
            settings=settings,
            objects=objects,
            loads=LoadLedger(tables.Table(settings.loads_table)),
            runs=RunLedger(tables.Table(settings.runs_table)),
            leases=Leases(state),
            workflow=WorkflowLedger(state, workflow=settings.workflow),
            s3=s3,
            glue=boto3.client("glue"),
            sns=sns,
        )

    def handle(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Register what arrived, then dispatch. Failed messages are returned by their ids."""
        arrived: list[ObjectVersion] = []

        def take(record: SQSRecord) -> None:
            match parse(record.body):
                case ObjectUploaded() as uploaded:
                    if self.registrar.register(uploaded):
                        arrived.append(uploaded.version)
                case RunEnded(job=job, run_id=run_id):
                    self.dispatcher.run_has_ended(job, run_id)
                case WorkflowDue():
                    self.dispatcher.want_workflow("its schedule has come round")

        # One bad message must not keep the others from being dispatched.
        processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
        answer = process_partial_response(
            event=event, record_handler=take, processor=processor, context=context
        )
        self.dispatcher.dispatch(arrived, owner=context.aws_request_id)
        return dict(answer)


@cache
def _trigger() -> Trigger:
    return Trigger(TriggerSettings.from_environ(os.environ))


@logger.inject_lambda_context
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """The function that the template names."""
    return _trigger().handle(event, context)
