"""The ledgers, queues and buckets of one environment, with the caller's own rights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from config.naming import Names
from operations.errors import OperationError
from operations.site import Site
from wires.load_ledger import LoadLedger
from wires.object_ledger import ObjectLedger
from wires.redrives import Redrives


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Estate:
    """Everything that the commands of recovery and reconciliation work on."""

    environment: Site
    session: Any
    """A boto3 session in the environment's account and region."""
    now: Callable[[], datetime] = field(default=utc_now)

    @property
    def names(self) -> Names:
        return self.environment.names

    @property
    def timestamp(self) -> str:
        """The time now, ISO 8601."""
        return self.now().isoformat()

    @cached_property
    def s3(self) -> Any:
        return self.session.client("s3")

    @cached_property
    def sqs(self) -> Any:
        return self.session.client("sqs")

    @cached_property
    def glue(self) -> Any:
        return self.session.client("glue")

    @cached_property
    def objects(self) -> ObjectLedger:
        return ObjectLedger(self.table(self.names.objects_table))

    @cached_property
    def loads(self) -> LoadLedger:
        return LoadLedger(self.table(self.names.loads_table))

    @cached_property
    def redrives(self) -> Redrives:
        return Redrives(
            objects=self.table(self.names.objects_table), loads=self.table(self.names.loads_table)
        )

    def table(self, name: str) -> Any:
        """Return a DynamoDB `Table` resource."""
        return self._tables.Table(name)

    def queue_url(self, name: str) -> str:
        """Return the URL of a queue. Raises OperationError if there is no such queue."""
        try:
            return str(self.sqs.get_queue_url(QueueName=name)["QueueUrl"])
        except ClientError as error:
            raise OperationError(
                f"expected the queue {name} in account {self.names.account}, "
                f"got {error.response['Error']['Code']}: use credentials of that account, and look "
                f"whether {self.names.environment} is deployed"
            ) from error

    @cached_property
    def uploads_queue(self) -> str:
        """URL of the queue that feeds the trigger."""
        return self.queue_url(self.names.uploads_queue)

    @cached_property
    def dead_letters(self) -> str:
        """URL of the queue of messages that the trigger could not handle."""
        return self.queue_url(self.names.uploads_dead_letters)

    @cached_property
    def _tables(self) -> Any:
        return self.session.resource("dynamodb")
