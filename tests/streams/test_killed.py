"""A function that is switched off at any call to AWS, and what the next deliveries make of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from simulation.clients import Reached
from simulation.scheduler import Killed
from tests.streams.deliveries import Sent, of_kafka, of_kinesis, of_sqs
from tests.streams.worlds import START, TIMEOUT, World, Written

Deliver = Callable[[Sequence[Sent]], dict[str, Any]]
KINDS: dict[str, tuple[str, Deliver]] = {
    "kinesis": ("shardId-000000000000", of_kinesis),
    "kafka": ("orders/0", of_kafka),
    "sqs": ("", of_sqs),
}
AGAIN: dict[str, tuple[slice, ...]] = {
    "as it was": (slice(0, 6),),
    "in halves": (slice(0, 3), slice(3, 6)),
    "with more": (slice(0, 9),),
    "one by one": tuple(slice(n, n + 1) for n in range(6)),
}


def sent_to(world: World, shard: str) -> Written:
    """Nine records, of which two are no rows."""
    written = Written(world.chance)
    for number in range(9):
        poison = 1.0 if number in (2, 7) else 0.0
        written.send(shard, str(number), poison=poison)
    return written


def switched_off(world: World, limit: int, *, after: bool) -> list[str]:
    """Switch the function off at its `limit`-th call, before or after its effect."""
    made: list[str] = []

    def call(service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        if len(made) > limit or (len(made) == limit and not after):
            raise Killed
        made.append(operation)
        answer = world.gateway(service, operation, params)
        if len(made) > limit:
            raise Killed
        return answer

    Reached.gateway = call
    return made


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("again", AGAIN)
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_any_call_each_record_lands_once(kind: str, again: str, after: bool) -> None:
    shard, deliver = KINDS[kind]
    limit = 0
    while True:
        world = World("killed", kind)
        written = sent_to(world, shard)
        made = switched_off(world, limit, after=after)
        try:
            world.intake.handle(deliver(written.sent[:6]))
        except Killed:
            pass
        else:
            break
        Reached.gateway = world.gateway
        # A landing of messages is taken for dead when no invocation can be at work on it.
        world.scheduler.now = START + 2 * TIMEOUT
        for part in (*AGAIN[again], slice(6, 9), slice(0, 9)):
            answer = world.intake.handle(deliver(written.sent[part]))
            assert answer == {"batchItemFailures": []}
        world.check(written.sent, written.rows)
        limit += 1
    assert limit == len(made) >= 5
