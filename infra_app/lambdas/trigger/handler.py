"""Entry point: takes one SQS batch, returns the messages that failed."""

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
from wires.redrives import Redrives
from wires.run_ledger import RunLedger
from wires.workflow_ledger import WorkflowLedger

from .alerts import Alerts
from .dispatch import Dispatcher
from .events import ObjectUploaded, RunEnded, WorkflowDue, parse
from .manifests import Manifests
from .register import Registrar
from .runs import Runs
from .settings import TriggerSettings
from .settling import Settling
from .starting import JobStarter
from .workflow import Workflow

logger = Logger(service="trigger")


class Trigger:
    """The function's parts, wired to AWS once per runtime."""

    def __init__(self, settings: TriggerSettings) -> None:
        tables = boto3.resource("dynamodb")
        objects = ObjectLedger(tables.Table(settings.objects_table))
        loads = LoadLedger(tables.Table(settings.loads_table))
        state = tables.Table(settings.state_table)
        s3, glue = boto3.client("s3"), boto3.client("glue")
        sns = boto3.client("sns")
        alerts = Alerts(sns=sns, topic_arn=settings.alerts_topic_arn)
        manifests = Manifests(s3=s3, bucket=settings.assets_bucket)
        self.runs = Runs(
            glue=glue,
            ledger=RunLedger(tables.Table(settings.runs_table)),
            alerts=alerts,
            alerting_jobs=frozenset(settings.other_jobs.split(",")),
        )
        self.workflow = Workflow(
            glue=glue,
            settings=settings,
            ledger=WorkflowLedger(state, workflow=settings.workflow),
            runs=self.runs,
            alerts=alerts,
        )
        starters = (JobStarter(glue=glue, settings=settings, runs=self.runs), self.workflow)
        redrives = Redrives(
            objects=tables.Table(settings.objects_table), loads=tables.Table(settings.loads_table)
        )
        self.registrar = Registrar(
            settings=settings, ledger=objects, redrives=redrives, s3=s3, sns=sns
        )
        self.dispatcher = Dispatcher(
            settings=settings,
            objects=objects,
            loads=loads,
            leases=Leases(state),
            manifests=manifests,
            settling=Settling(
                settings=settings,
                objects=objects,
                loads=loads,
                manifests=manifests,
                alerts=alerts,
                s3=s3,
                starters={starter.job: starter for starter in starters},
            ),
            workflow=self.workflow,
            starters=starters,
        )

    def handle(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Register uploaded objects, then dispatch. Returns the ids of failed messages."""
        arrived: list[ObjectVersion] = []

        def take(record: SQSRecord) -> None:
            match parse(record.body):
                case ObjectUploaded() as uploaded:
                    if self.registrar.register(uploaded):
                        arrived.append(uploaded.version)
                case RunEnded(job=job, run_id=run_id):
                    self.runs.record_end(job, run_id)
                case WorkflowDue():
                    self.workflow.want("its schedule has come round")

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
    """Handle an event; the template names this function."""
    return _trigger().handle(event, context)
