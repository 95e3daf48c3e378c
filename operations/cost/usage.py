"""How often things are used: by an upload, a run, a minute.

Calls of an upload and of a run are those that benchmarks/cloud.md has counted, for 10,000 uploads
to 20 tables in 9 runs; other numbers are assumptions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from operations.cost.charges import DAYS, MINUTES, Resource, Situation, Unpriced

GETS_OF_AN_UPLOAD = 3.1
"""The trigger looks at its beginning, the job at its size and at all of it."""
WRITES_OF_AN_UPLOAD = 9.0
"""Registered with the index of what waits (2), marked in a transaction (4), its content claimed
(1), finished in a transaction (2)."""
READS_OF_AN_UPLOAD = 1.0
BYTES_OF_A_LEDGER_ENTRY = 1500.0
"""With its content's entry and the index."""
WRITES_OF_A_RUN = 10.0
"""In the ledgers of loads and runs each, with the index of what is open."""
WRITES_OF_AN_INVOCATION = 2.0
"""The dispatcher's lease: taken, given back."""
READS_OF_AN_INVOCATION = 4.0
PUTS_OF_A_TABLE_IN_A_RUN = 5.0
"""A file of rows, a manifest, a list of them, the table's metadata, and a listing."""
GETS_OF_A_TABLE_IN_A_RUN = 6.0
PUTS_OF_A_RUN = 6.0
"""Manifest, commit, lineage."""
PUTS_OF_A_QUERY = 2.0
"""The result, and what is known of it."""
RESULT_GB_OF_A_QUERY = 1e-3
GB_IN_ALL_TABLES_FILES = 0.128
"""What maintenance makes of small files."""

UPLOADS_OF_A_BATCH = 10.0
"""Of at most `batchSize`, if they come over the day rather than all at once."""
SECONDS_OF_A_TICK = 0.5
SECONDS_OF_A_BATCH = 1.5
POLLERS = 5
"""Connections by which Lambda asks an idle queue: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"""
POLLS_OF_A_MINUTE = 3
"""By each of them: an answer takes up to 20 seconds."""

LOG_GB_OF_AN_INVOCATION = 3e-6
LOG_GB_OF_A_RUN: Mapping[str, float] = {"output": 2e-5, "error": 3e-4}
LOG_GB_OF_A_WAREHOUSE_QUERY: Mapping[str, float] = {
    "connectionlog": 1e-6,
    "useractivitylog": 4e-6,
    "userlog": 1e-8,
}
"""Connections of a tool are many, changes of users few; texts of queries are in the second."""
LOG_GB_OF_A_CRAWL = 1e-5
LOG_GB_OF_A_BUILD = 5e-3
FLOW_LOG_GB_OF_A_DAY = 0.02
LOG_COMPRESSION = 0.15
"""Stored bytes for a byte: https://aws.amazon.com/cloudwatch/pricing/"""
ACCESS_LOG_GB_OF_A_REQUEST = 6e-7
ENDPOINT_GB_OF_A_RUN = 5e-3
CRAWLER_DPU = 2.0
CRAWLER_SHORTEST_MINUTES = 10.0
OPTIMIZER_DPU_HOURS_OF_A_DAY = 0.1
BUILD_MINUTES_OF_CHECKS = 15.0
"""docs/deployment.md"""
BUILD_MINUTES_OF_A_STEP = 4.0
DEPLOY_MINUTES_OF_AN_ACTION = 2.0

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")


@dataclass(frozen=True)
class Events:
    """Events of a month: those that come anyway, and those of the workload."""

    fixed: float = 0.0
    variable: float = 0.0

    @property
    def all(self) -> float:
        return self.fixed + self.variable

    def __add__(self, other: Events) -> Events:
        return Events(self.fixed + other.fixed, self.variable + other.variable)


def events_of(rule: Resource, situation: Situation) -> Events:
    """Return the events that a rule passes on. Raises Unpriced for a rule of an unknown kind."""
    schedule = rule.properties.get("ScheduleExpression", "")
    if schedule:
        return Events(fixed=_turns(str(schedule)))
    kinds = rule.properties.get("EventPattern", {}).get("detail-type", [])
    known = {
        "Object Created": situation.uploads,
        "Glue Job State Change": situation.all_runs,
    }
    if not kinds or not set(kinds) <= set(known):
        raise Unpriced(
            f"expected {rule.id} to pass on events of {', '.join(known)}, got {kinds}: say in "
            "operations/cost/usage.py how many there are in a month"
        )
    return Events(variable=sum(known[kind] for kind in kinds))


def _turns(schedule: str) -> float:
    """Return how often a schedule comes round in a month. A `cron(…)` is taken for a daily one."""
    rate = _RATE.fullmatch(schedule)
    if not rate:
        return DAYS
    minutes = int(rate[1]) * {"minute": 1, "hour": 60, "day": 1440}[rate[2]]
    return MINUTES / minutes


def events_to(target: str, situation: Situation) -> Events:
    """Return the events that all rules together send to a resource."""
    found = Events()
    for rule in situation.of_type("AWS::Events::Rule"):
        for one in rule.properties.get("Targets", ()):
            if situation.referred(rule, one["Arn"]) == target:
                found += events_of(rule, situation)
    return found


def invocations_of(function: Resource, situation: Situation) -> Events:
    """Return how often a function is run: for batches of its queue, and for events sent to it."""
    found = events_to(function.id, situation)
    for mapping in situation.of_type("AWS::Lambda::EventSourceMapping"):
        of = mapping.properties
        if situation.referred(mapping, of["FunctionName"]) == function.id:
            found += _batches(mapping, situation)
    for subscription in situation.of_type("AWS::SNS::Subscription"):
        if situation.referred(subscription, subscription.properties["Endpoint"]) == function.id:
            found += Events(variable=situation.workload.alerts_per_month)
    return found


def _batches(mapping: Resource, situation: Situation) -> Events:
    """Return how often a mapping delivers: for the events that rules send to its queue, or of a
    stream once in each window, as often as one that is never silent and never busy."""
    of = mapping.properties
    if is_of_a_stream(mapping, situation):
        seconds = max(1.0, float(of.get("MaximumBatchingWindowInSeconds", 0)))
        return Events(fixed=MINUTES * 60 / seconds)
    queued = events_to(situation.referred(mapping, of["EventSourceArn"]), situation)
    return Events(queued.fixed, queued.variable / UPLOADS_OF_A_BATCH)


def is_of_a_stream(mapping: Resource, situation: Situation) -> bool:
    """Return whether a mapping reads what no template makes."""
    source = situation.referred(mapping, mapping.properties.get("EventSourceArn"))
    found = situation.resources.get(source)
    return found is None or found.type != "AWS::SQS::Queue"


def job_of(resource: Resource, situation: Situation) -> str:
    """Return the name in config of a Glue job of the template."""
    names = situation.environment.names
    return str(resource.properties["Name"]).removeprefix(names.of("")).replace("-", "_")


def crawls(resource: Resource, situation: Situation) -> float:
    """Return how often a crawler is started by a trigger in a month."""
    starts = [
        action
        for trigger in situation.of_type("AWS::Glue::Trigger")
        for action in trigger.properties.get("Actions", ())
        if resource.id == situation.referred(trigger, action.get("CrawlerName"))
        or action.get("CrawlerName") == resource.properties.get("Name")
    ]
    return len(starts) * situation.workload.workflows_per_day * DAYS


def tables_in_runs(situation: Situation) -> float:
    """Return how often a run writes to a table, of half of the runs: others find nothing."""
    uploads = situation.uploads / max(situation.all_runs, 1.0)
    return min(situation.workload.datasets, uploads) * situation.all_runs / 2
