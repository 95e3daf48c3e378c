"""Points of a run are chosen by the seed, and from the calls that there are."""

from __future__ import annotations

from random import Random

import pytest

from config.environments import Environment
from faults.points import KINDS, chosen
from local_cloud.http.watching import WatchedCall


def dice(seed: object) -> Random:
    return Random(str(seed))  # noqa: S311 - no secret


def test_the_same_seed_chooses_the_same_call_among_those_of_a_whole_run() -> None:
    kind = KINDS[0]
    first, again = (chosen(kind, {kind.name: 40}, dice(7)) for _ in range(2))
    assert first == again
    points = {chosen(kind, {kind.name: 3}, dice(seed)).nth for seed in range(50)}
    assert points == {1, 2, 3}


def test_a_kind_without_calls_is_an_error_and_not_a_fault_that_never_happens() -> None:
    with pytest.raises(ValueError, match="expected calls of kind 'read'"):
        chosen(KINDS[0], {}, dice(7))


def call(operation: str, path: str, service: str = "s3") -> WatchedCall:
    return WatchedCall(
        caller="job",
        service=service,
        operation=operation,
        access_key="ASIA",
        path=path,
        body=b"",
        port=1,
    )


def test_calls_of_a_load_are_of_the_parts_that_they_belong_to(dev: Environment) -> None:
    names = dev.names
    processed, quality = f"{names.processed_bucket}/a/", f"{names.quality_bucket}/quarantine/"
    known = {
        "read": call("GetObject", f"{names.raw_bucket}/a/x.csv"),
        "write": call("PutObject", f"{processed}part.parquet"),
        "aside": call("PutObject", f"{quality}rows/part.jsonl"),
        "audit": call("GetObject", f"{processed}part.parquet"),
        "commit": call("PutObject", f"{processed}metadata/1.json"),
    }
    job = names.of("file-processor")
    for name, made in known.items():
        parts = {kind.name for kind in KINDS if kind.has(job, made, names)}
        assert parts == {name, "any"}
