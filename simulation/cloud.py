"""One account with an environment of the product: stores, queue, jobs, and what connects them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from config.environments import Environment
from config.jobs import DATA_INGESTION, FILE_PROCESSOR, TABLE_MAINTENANCE
from config.naming import Names
from simulation.faults import Faults
from simulation.gateway import Gateway, Service, Trace
from simulation.scheduler import Scheduler
from simulation.services.dynamodb import DynamoDB, Table
from simulation.services.glue import Glue
from simulation.services.messages import Queue, Sns, Sqs
from simulation.services.s3 import S3, Bucket
from wires.layout import PARTITION_KEY, SORT_KEY
from wires.load_ledger import OPEN_INDEX
from wires.object_ledger import PENDING_INDEX
from wires.run_ledger import BY_START_INDEX

VISIBILITY_SECONDS = 720.0
MAX_RECEIVES = 10
RUNS_AT_ONCE = 3


@dataclass
class Cloud:
    """The services, as the product's template sets them up."""

    environment: Environment
    scheduler: Scheduler
    faults: Faults
    trace: Trace
    dynamodb: DynamoDB = field(init=False)
    s3: S3 = field(init=False)
    sqs: Sqs = field(init=False)
    sns: Sns = field(init=False)
    glue: Glue = field(init=False)

    def __post_init__(self) -> None:
        names, now = self.environment.names, lambda: self.scheduler.now
        self.dynamodb = DynamoDB(
            {
                table.name: table
                for table in (
                    Table(
                        names.objects_table,
                        ("key", "version_id"),
                        {PENDING_INDEX: ("pending_in", "registered_at")},
                    ),
                    Table(names.loads_table, ("load_id",), {OPEN_INDEX: ("open_in", "created_at")}),
                    Table(names.state_table, (PARTITION_KEY, SORT_KEY)),
                    Table(
                        names.runs_table,
                        ("job", "run_id"),
                        {BY_START_INDEX: ("job", "started_at")},
                    ),
                )
            },
            now,
            lag=self._lag,
        )
        buckets = {name: Bucket() for name in names.buckets}
        buckets[names.raw_bucket].is_versioned = True
        self.s3 = S3(buckets, now)
        self.sqs = Sqs(
            {
                names.uploads_queue: Queue(
                    VISIBILITY_SECONDS, MAX_RECEIVES, names.uploads_dead_letters
                ),
                names.uploads_dead_letters: Queue(),
            },
            now,
        )
        self.sns = Sns()
        self.glue = Glue(
            {
                names.job(FILE_PROCESSOR): RUNS_AT_ONCE,
                names.job(DATA_INGESTION): 1,
                names.job(TABLE_MAINTENANCE): 1,
            },
            names.workflow,
            {name: {} for name in names.databases},
            now,
        )

    @cached_property
    def names(self) -> Names:
        return self.environment.names

    @cached_property
    def gateway(self) -> Gateway:
        services: dict[str, Service] = {
            "s3": self.s3,
            "dynamodb": self.dynamodb,
            "glue": self.glue,
            "sqs": self.sqs,
            "sns": self.sns,
        }
        return Gateway(self.scheduler, services, self.faults, self.trace)

    def _lag(self, table: str) -> float:
        actor = self.scheduler.current
        most = self.faults.weather.lag
        if actor is None or not most or self.faults.is_calm:
            return 0.0
        return most * self.faults.unit("lag", table, actor.name, actor.calls)
