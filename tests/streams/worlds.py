"""Small worlds in which Lambda delivers to a stream's function, and much goes wrong.

The function is the product's own; S3 and DynamoDB are played by the doubles of the simulation,
which others hold to moto. At each call to them an invocation may be cut off, refused, answered
late or not at all, and hand over to another one. Lambda gives an invocation up after its timeout,
and delivers again while the first one is still at work: that is harsher than AWS.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any, Protocol

from infra_app.lambdas.streams.handler import Intake
from simulation.clients import Reached, client, resource
from simulation.faults import Faults, weather_of
from simulation.gateway import Gateway, Service, Trace
from simulation.scheduler import Actor, Scheduler
from simulation.services.dynamodb import DynamoDB, Table
from simulation.services.s3 import S3, Bucket
from tests.aws import ASSETS, QUALITY, RAW, STATE
from tests.streams.deliveries import Sent, any_settings, of_kafka, of_kinesis, of_sqs, row
from wires.layout import PARTITION_KEY, QUARANTINED_RECORDS, SORT_KEY

START = 1_768_521_000.0
"""Ten minutes before midnight: files land under the day on which their keys were fixed."""
TIMEOUT = 120.0
_STORM_SECONDS = 2400.0
_LONGEST_SECONDS = 40_000.0
_NO_ROW = (b"no json", b"\xff\xfe", b"[1]", b'{"id": NaN}', b'{"id": 1', b"\xf3\x89\x9a\xc2x")


@dataclass(eq=False)
class Invocation:
    """One delivery under way."""

    sent: Sequence[Sent]
    settle: Callable[[Invocation, dict[str, Any] | None], None]
    """Is told how it ended: with an answer, or without."""
    answer: dict[str, Any] | None = None
    is_settled: bool = False


class World:
    """AWS around one source's function."""

    def __init__(self, seed: str, kind: str, **settings: Any) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - the same world for the same seed
        self.scheduler = Scheduler(START)
        weather = weather_of(seed)
        self.faults = Faults(seed, replace(weather, calls=max(weather.calls, 0.03)))
        self.s3 = S3(
            {RAW: Bucket(is_versioned=True), QUALITY: Bucket(), ASSETS: Bucket()},
            self.scheduler.time,
        )
        tables = {STATE: Table(STATE, (PARTITION_KEY, SORT_KEY))}
        self.state = DynamoDB(tables, self.scheduler.time)
        services: dict[str, Service] = {"s3": self.s3, "dynamodb": self.state}
        self.gateway = Gateway(self.scheduler, services, self.faults, Trace())
        Reached.gateway = self.gateway
        self.kind = kind
        settings = {"kind": kind, "timeout_seconds": int(TIMEOUT), **settings}
        self.intake = Intake(
            any_settings(**settings),
            s3=client("s3"),
            state=resource("dynamodb").Table(STATE),
            now=lambda: datetime.fromtimestamp(self.scheduler.time(), UTC),
            at_once=1,
        )
        self.intake.messages = replace(
            self.intake.messages, new_id=partial(_next, map("{:08d}".format, count()))
        )
        self.invocations = 0

    def invoke(
        self,
        sent: Sequence[Sent],
        event: dict[str, Any],
        settle: Callable[[Invocation, dict[str, Any] | None], None],
    ) -> None:
        """Deliver. `settle` is told of the first of: it ends, its time is over."""
        invocation = Invocation(sent, settle)
        self.invocations += 1

        def work() -> None:
            invocation.answer = self.intake.handle(json.loads(json.dumps(event)))

        def end(_: Actor | None = None) -> None:
            if not invocation.is_settled:
                invocation.is_settled = True
                invocation.settle(invocation, invocation.answer)

        actor = Actor(f"invocation {self.invocations}", work, end)
        if self.chance.random() < 0.5:  # or else it is at work when Lambda has given it up
            actor.deadline = self.scheduler.now + TIMEOUT
        self.scheduler.start(actor, delay=self.chance.random())
        self.scheduler.at(self.scheduler.now + TIMEOUT, end)

    def play(self, is_done: Callable[[], bool]) -> None:
        """Let it storm for a while, then be calm until all has been taken in."""
        self.scheduler.run(START + _STORM_SECONDS)
        self.faults.is_calm = True
        until = START + _STORM_SECONDS
        while not (is_done() and not self.scheduler.actors):
            until += 500
            assert until < START + _LONGEST_SECONDS, "the deliveries come to no end"
            self.scheduler.run(until)

    @property
    def landed(self) -> Counter[Any]:
        """The ids of all rows of all versions: a second version would be data as well."""
        bodies = (v.body for o in self.s3.buckets[RAW].objects.values() for v in o)
        return Counter(
            json.loads(line)["id"] for body in bodies for line in gzip.decompress(body).splitlines()
        )

    @property
    def quarantined(self) -> Counter[tuple[str, str]]:
        """The places of records in quarantine."""
        objects = self.s3.buckets[QUALITY].objects
        notes = [json.loads(o[-1].body) for k, o in objects.items() if QUARANTINED_RECORDS in k]
        return Counter((note["shard"], note["sequence"]) for note in notes)

    def check(self, sent: Sequence[Sent], rows: dict[tuple[str, str], int]) -> None:
        """Assert that each record has landed once, or lies in quarantine with its place."""
        assert self.landed == Counter(rows.values())
        poison = [one.place for one in sent if one.place not in rows]
        if self.kind == "kafka":
            poison = [(shard.partition("/")[2], sequence) for shard, sequence in poison]
        assert self.quarantined == Counter(poison)


def _next(values: Any) -> str:
    return str(next(values))


@dataclass
class Written:
    """What has been sent, and the id of each record that is a row."""

    chance: random.Random
    sent: list[Sent] = field(default_factory=list)
    rows: dict[tuple[str, str], int] = field(default_factory=dict)

    def send(self, shard: str, sequence: str, *, poison: float) -> Sent:
        is_row = self.chance.random() >= poison
        id = len(self.sent)
        text = [data for data in _NO_ROW if shard or data.isascii()]
        one = Sent(
            shard=shard,
            sequence=sequence,
            data=row(id) if is_row else self.chance.choice(text),
            at=START - 10,
        )
        self.sent.append(one)
        if is_row:
            self.rows[one.place] = id
        return one


@dataclass
class Shard:
    """A shard, and how far Lambda has read it."""

    name: str
    records: list[Sent]
    parent: Shard | None = None
    checkpoint: int = 0

    @property
    def is_done(self) -> bool:
        return self.checkpoint >= len(self.records)


class KinesisWorld(World):
    """Shards, one of which has been split, read as an event source mapping reads them."""

    def __init__(self, seed: str) -> None:
        super().__init__(seed, "kinesis")
        self.written = Written(self.chance)
        poison = self.chance.choice((0.0, 0.1, 0.5, 0.95))
        names = [f"shardId-{number:012d}" for number in range(4)]
        self.shards = [Shard(name, self._records(name, poison)) for name in names]
        for child in self.shards[2:]:
            child.parent = self.shards[0]
        for shard in self.shards:
            self.scheduler.at(START + 1, partial(self._read, shard, 0))

    def run(self) -> None:
        self.play(lambda: all(shard.is_done for shard in self.shards))
        self.check(self.written.sent, self.written.rows)

    def _records(self, shard: str, poison: float) -> list[Sent]:
        begin = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898
        numbers = [begin]
        for _ in range(self.chance.randrange(3, 30)):
            numbers.append(numbers[-1] + self.chance.choice((1, 2, 10**6, 10**20)))
        return [self.written.send(shard, str(number), poison=poison) for number in numbers]

    def _read(self, shard: Shard, size: int) -> None:
        """Deliver the next batch, of some size; none before all of the parent has been read."""
        if shard.is_done:
            return
        later = partial(self._read, shard, 0)
        if shard.parent and not shard.parent.is_done:
            self.scheduler.at(self.scheduler.now + 30, later)
            return
        size = size or self.chance.randrange(1, 12)
        batch = shard.records[shard.checkpoint : shard.checkpoint + size]
        self.invoke(batch, of_kinesis(batch), partial(self._settle, shard))

    def _settle(self, shard: Shard, of: Invocation, answer: dict[str, Any] | None) -> None:
        failed = (
            answer["batchItemFailures"] if answer else [{"itemIdentifier": of.sent[0].sequence}]
        )
        sequences = [one.sequence for one in of.sent]
        # Lambda goes on from the lowest that is named.
        taken = min([sequences.index(one["itemIdentifier"]) for one in failed] or [len(of.sent)])
        if self.faults.is_calm or self.chance.random() < 0.8:
            shard.checkpoint += taken
        # Or else Lambda did not get the answer, and delivers again. It bisects after failures.
        half = max(1, len(of.sent) // 2) if taken < len(of.sent) else 0
        size = half if self.chance.random() < 0.5 else 0
        wait = self.chance.choice((1.0, 5.0, 60.0))
        self.scheduler.at(self.scheduler.now + wait, partial(self._read, shard, size))


class KafkaWorld(World):
    """Partitions of a topic, several of which come in one delivery, as a whole or not at all."""

    def __init__(self, seed: str) -> None:
        super().__init__(seed, "kafka")
        self.written = Written(self.chance)
        poison = self.chance.choice((0.0, 0.1, 0.5))
        self.partitions = [Shard(f"orders/{n}", self._records(n, poison)) for n in range(3)]
        self.scheduler.at(START + 1, self._read)

    def run(self) -> None:
        self.play(lambda: all(partition.is_done for partition in self.partitions))
        self.check(self.written.sent, self.written.rows)

    def _records(self, partition: int, poison: float) -> list[Sent]:
        offsets = range(0, self.chance.randrange(5, 40), self.chance.choice((1, 2)))
        return [self.written.send(f"orders/{partition}", str(n), poison=poison) for n in offsets]

    def _read(self) -> None:
        batches = {
            shard.name: shard.records[shard.checkpoint :][: self.chance.randrange(0, 9)]
            for shard in self.partitions
        }
        sent = [one for batch in batches.values() for one in batch]
        if not sent:
            self.scheduler.at(self.scheduler.now + 5, self._read)
            return
        event = of_kafka(sent, is_msk=self.chance.random() < 0.5)
        self.invoke(sent, event, partial(self._settle, batches))

    def _settle(
        self, batches: dict[str, list[Sent]], _: Invocation, answer: dict[str, Any] | None
    ) -> None:
        if answer is not None and (self.faults.is_calm or self.chance.random() < 0.8):
            for shard in self.partitions:
                shard.checkpoint += len(batches[shard.name])
        self.scheduler.at(self.scheduler.now + self.chance.choice((1.0, 60.0)), self._read)


class SqsWorld(World):
    """A queue that hands out messages in any order, some of them twice, to several at once."""

    def __init__(self, seed: str) -> None:
        super().__init__(seed, "sqs")
        self.written = Written(self.chance)
        poison = self.chance.choice((0.0, 0.1, 0.5))
        for n in range(self.chance.randrange(5, 60)):
            self.written.send("", f"{n:08x}-0000", poison=poison)
        self.waiting = {one.sequence: one for one in self.written.sent}
        self.visible = dict.fromkeys(self.waiting, START)
        for poller in range(3):
            self.scheduler.at(START + 1 + poller, self._receive)

    def run(self) -> None:
        self.play(lambda: not self.waiting)
        self.check(self.written.sent, self.written.rows)

    def _receive(self) -> None:
        now = self.scheduler.now
        found = [one for id, one in self.waiting.items() if self.visible[id] <= now]
        if not self.faults.is_calm:  # SQS may hand out what is in flight, or was deleted
            found += [one for one in self.written.sent if self.chance.random() < 0.15]
        self.chance.shuffle(found)
        batch = found[: self.chance.randrange(1, 15)]
        if not batch:
            self.scheduler.at(now + 20, self._receive)
            return
        for one in batch:
            if one.sequence in self.visible:
                self.visible[one.sequence] = now + self.chance.choice((120.0, 200.0))
        self.invoke(batch, of_sqs(batch), self._settle)

    def _settle(self, of: Invocation, answer: dict[str, Any] | None) -> None:
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]} if answer else None
        for one in of.sent:
            is_deleted = self.faults.is_calm or self.chance.random() < 0.9
            if failed is not None and one.sequence not in failed and is_deleted:
                self.waiting.pop(one.sequence, None)
        self.scheduler.at(self.scheduler.now + self.chance.choice((1.0, 30.0)), self._receive)


class AnyWorld(Protocol):
    """A world that a seed makes."""

    faults: Faults

    def run(self) -> None:
        """Let everything happen, then look for each record."""


WORLDS: Mapping[str, Callable[[str], AnyWorld]] = {
    "kinesis": KinesisWorld,
    "kafka": KafkaWorld,
    "sqs": SqsWorld,
}
