"""Entry point: takes one SQS batch, returns the messages that failed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
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
from botocore.config import Config

from wires.lease import Leases
from wires.load_ledger import LoadLedger
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectLedger
from wires.redrives import Redrives
from wires.start_ledger import StartLedger
from wires.workflow_ledger import WorkflowLedger

from .alerts import Alerts
from .dispatch import Dispatcher
from .errors import OutOfTime
from .events import ObjectUploaded, RunEnded, Tick, WorkflowDue, parse
from .faults import reason_of
from .manifests import Manifests
from .metrics import Metrics, Waiting
from .refusing import Refusing
from .register import Registrar
from .runs import Runs
from .settings import TriggerSettings
from .settling import Settling
from .starting import JobStarter
from .turns import Turns
from .workflow import Workflow

DISPATCH_MILLISECONDS = 45_000
"""Kept of an invocation for its dispatch. A message whose turn comes later comes back: if the
function were cut off, all of them would."""
CALLS = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 3},
)
"""By default one call that gets no answer would last longer than the function may."""
logger = Logger(service="trigger")


class Trigger:
    """The function's parts, wired to AWS once per runtime."""

    def __init__(self, settings: TriggerSettings, *, now: Callable[[], float] = time.time) -> None:
        tables = boto3.resource("dynamodb", config=CALLS)
        objects = ObjectLedger(tables.Table(settings.objects_table))
        loads = LoadLedger(tables.Table(settings.loads_table))
        state = tables.Table(settings.state_table)
        s3, glue = boto3.client("s3", config=CALLS), boto3.client("glue", config=CALLS)
        sns = boto3.client("sns", config=CALLS)
        manifests = Manifests(s3=s3, bucket=settings.assets_bucket)
        metrics = Metrics(namespace=settings.metrics_namespace)
        self.settings = settings
        self.alerts = Alerts.of(settings, sns)
        self.runs = Runs.of(
            settings,
            glue=glue,
            table=tables.Table(settings.runs_table),
            alerts=self.alerts,
            metrics=metrics,
        )
        self.waiting = Waiting(
            objects=objects, metrics=metrics, bucket=settings.raw_bucket, now=now
        )
        self.workflow = Workflow(
            glue=glue,
            settings=settings,
            ledger=WorkflowLedger(state, workflow=settings.workflow),
            runs=self.runs,
            alerts=self.alerts,
        )
        refusing = Refusing(loads=loads, starts=StartLedger(state), alerts=self.alerts, now=now)
        starters = (JobStarter(glue=glue, settings=settings, runs=self.runs), self.workflow)
        redrives = Redrives(
            objects=tables.Table(settings.objects_table), loads=tables.Table(settings.loads_table)
        )
        self.registrar = Registrar(
            settings=settings,
            ledger=objects,
            redrives=redrives,
            s3=s3,
            alerts=self.alerts,
            metrics=metrics,
        )
        self.dispatcher = Dispatcher(
            settings=settings,
            loads=loads,
            leases=Leases(state, now=now),
            settling=Settling(
                settings=settings,
                objects=objects,
                loads=loads,
                manifests=manifests,
                alerts=self.alerts,
                s3=s3,
                starters={starter.job: starter for starter in starters},
                refusing=refusing,
                metrics=metrics,
            ),
            turns=Turns(
                settings=settings,
                objects=objects,
                loads=loads,
                manifests=manifests,
                refusing=refusing,
            ),
            refusing=refusing,
            starters=starters,
        )
        self._told_of = ""
        """What people were told last of a dispatcher that failed as a whole."""

    def handle(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Register uploaded objects, then dispatch. Returns the ids of failed messages."""
        arrived: list[ObjectVersion] = []
        given_up: list[str] = []

        def take(record: SQSRecord) -> None:
            receives = int(record.raw_event["attributes"].get("ApproximateReceiveCount", 1))
            # It is handed out once more only if it has been fewer times:
            # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
            is_last = receives >= self.settings.max_receive_count
            try:
                if not is_last:
                    _check_time(context)
                self._take(record.body, arrived, receives=receives)
            except Exception as error:
                logger.warning("a message failed", exc_info=True, extra={"receives": receives})
                if is_last:
                    given_up.append(f"{reason_of(error)}: {record.body[:500]}")
                raise

        # One bad message must not keep the others from being dispatched.
        processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
        answer = process_partial_response(
            event=event, record_handler=take, processor=processor, context=context
        )
        if given_up:
            self._tell(lambda: self.alerts.events_given_up(given_up))
        self._dispatch(arrived, owner=context.aws_request_id)
        return dict(answer)

    def _take(self, body: str, arrived: list[ObjectVersion], *, receives: int) -> None:
        match parse(body):
            case ObjectUploaded() as uploaded:
                if self.registrar.register(uploaded, receives=receives):
                    arrived.append(uploaded.version)
            case RunEnded(job=job, run_id=run_id):
                self.runs.record_end(job, run_id)
            case WorkflowDue():
                self.workflow.want("its schedule has come round")
            case Tick():
                self._try_to_measure()

    def _try_to_measure(self) -> None:
        try:
            self.waiting.measure()
        except Exception:
            logger.exception("what waits is not measured")

    def _dispatch(self, arrived: list[ObjectVersion], *, owner: str) -> None:
        """Dispatch. If that fails as a whole, messages that were taken in do not come back: the
        ledger has them, and the next tick does what is left."""
        try:
            self.dispatcher.dispatch(arrived, owner=owner)
            self._told_of = ""
        except Exception as error:
            logger.exception("the dispatcher failed")
            reason = reason_of(error)
            if type(error).__name__ != self._told_of:
                self._told_of = type(error).__name__
                self._tell(lambda: self.alerts.dispatcher_failed(reason))

    def _tell(self, send: Callable[[], None]) -> None:
        """Send an alert; one that cannot be sent is in the log, and keeps nothing from going on."""
        try:
            send()
        except Exception:
            logger.exception("people cannot be told")


def _check_time(context: LambdaContext) -> None:
    """Raises OutOfTime if what is left of the invocation is for its dispatch."""
    left = context.get_remaining_time_in_millis()
    if left < DISPATCH_MILLISECONDS:
        raise OutOfTime(f"{left:,} ms of the invocation are left")


@cache
def _trigger() -> Trigger:
    return Trigger(TriggerSettings.from_environ(os.environ))


@logger.inject_lambda_context
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle an event; the template names this function."""
    return _trigger().handle(event, context)
