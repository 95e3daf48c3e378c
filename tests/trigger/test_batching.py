from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infra_app.lambdas.trigger.batching import batches
from wires.manifest import ObjectVersion


def versions(sizes: list[int]) -> list[ObjectVersion]:
    return [
        ObjectVersion(
            key=f"{i}", version_id="v", size=size, uploaded_at="2026-01-01T00:00:00+00:00"
        )
        for i, size in enumerate(sizes)
    ]


@given(st.lists(st.integers(1, 200)), st.integers(1, 5), st.integers(1, 150))
def test_every_object_is_in_one_batch_in_order_and_within_the_limits(
    sizes: list[int], max_objects: int, max_bytes: int
) -> None:
    waiting = versions(sizes)
    cut = list(batches(waiting, max_objects=max_objects, max_bytes=max_bytes))
    assert [version for batch in cut for version in batch] == waiting
    for batch in cut:
        assert 1 <= len(batch) <= max_objects
        assert len(batch) == 1 or sum(version.size for version in batch) <= max_bytes


def test_many_small_objects_become_one_batch() -> None:
    assert len(list(batches(versions([10] * 50), max_objects=500, max_bytes=10_000))) == 1
