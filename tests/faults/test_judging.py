"""The judge of the fault suite notices what it is there for: results that were made wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from faults.judging import Found, Judged, judged, latest_of
from faults.making import Made, made, rows_of
from faults.stage import Sent
from faults.watching import Sight

FILE = made("faults_001/0.csv", rows_of("f001-0", 3, account=10, seq=1), ragged=rows_of("bad", 1))
TABLE = "faults_001"


def entry(**changes: object) -> Mapping[str, Any]:
    usual = {
        "status": "published",
        "load_id": "one",
        "dataset": TABLE,
        "rows_in": 4,
        "rows_published": 3,
        "rows_quarantined": 1,
    }
    return {**usual, **changes}


def aside(row: str) -> Mapping[str, Any]:
    return {"version_id": "v1", "raw": f"{row},10,1,note,one too many"}


def published(*rows: str) -> Counter[tuple[str, str]]:
    return Counter(("one", row) for row in rows)


ROWS = published("f001-0-00000", "f001-0-00001", "f001-0-00002")


def found(**changes: Any) -> Found:
    whole = Found(
        sent=[Sent(made=FILE, version_id="v1")],
        entries=[entry()],
        tables={TABLE: ROWS},
        quarantined=[aside("bad-00000")],
        refused=frozenset(),
        latest=None,
        sights=[Sight(at=0.0, table=TABLE, rows=Counter()), Sight(at=1.0, table=TABLE, rows=ROWS)],
        latest_sights=[],
        may_differ=False,
    )
    return replace(whole, **changes)


def of(**changes: Any) -> Judged:
    return judged(found(**changes))


def test_what_is_right_is_not_complained_about() -> None:
    right = of()
    assert right.wrong == ()
    sums = right.sums
    assert (sums.rows_in, sums.published, sums.quarantined, sums.lost, sums.doubled) == (
        (4, 3, 1, 0, 0)
    )


def test_a_lost_row_is_named() -> None:
    lost = of(tables={TABLE: published("f001-0-00000", "f001-0-00001")})
    assert lost.sums.lost == 1
    assert any("f001-0-00002" in text for text in lost.wrong)


@pytest.mark.parametrize(
    "changes",
    [
        {"tables": {TABLE: ROWS + published("f001-0-00000")}},
        {"quarantined": [aside("bad-00000"), aside("bad-00000")]},
        {"quarantined": [aside("bad-00000"), aside("f001-0-00000")]},
        {"refused": frozenset({"v1"})},
    ],
)
def test_a_row_that_is_there_twice_is_counted(changes: Mapping[str, Any]) -> None:
    doubled = of(**changes)
    assert doubled.sums.doubled >= 1
    assert any("more than once" in text for text in doubled.wrong)


def test_a_snapshot_with_a_part_of_a_load_is_noticed() -> None:
    half = Sight(at=0.5, table=TABLE, rows=published("f001-0-00000"))
    assert of(sights=[half]).wrong == (f"a snapshot of {TABLE} had 1 of 3 rows of load one",)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rows_published": 2}, "by the ledger"),
        ({"rows_in": 5}, "5 rows in"),
        ({"status": "running"}, "has not ended"),
        ({"status": "failed"}, "is failed, with rows"),
    ],
)
def test_a_ledger_that_says_something_else_is_noticed(
    changes: Mapping[str, Any], said: str
) -> None:
    assert any(said in text for text in of(entries=[entry(**changes)]).wrong)


def test_a_whole_file_that_is_refused_is_wrong_and_a_broken_one_is_not() -> None:
    refused = {
        "tables": {TABLE: Counter()},
        "quarantined": [],
        "refused": frozenset({"v1"}),
        "entries": [entry(status="rejected", rows_in=0, rows_published=0, rows_quarantined=0)],
        "sights": [],
    }
    assert any("though it is whole" in text for text in of(**refused).wrong)
    broken = [Sent(made=replace(FILE, is_broken=True), version_id="v1")]
    assert of(**refused, sent=broken).wrong == ()


def test_latest_rows_are_those_of_whole_loads_only() -> None:
    older: Made = made("accounts/0.csv", rows_of("a", 3, account=1, seq=1))
    newer: Made = made("accounts/1.csv", rows_of("b", 2, account=2, seq=2))
    assert latest_of((*older.rows, *newer.rows)) == {"a-00000", "b-00000", "b-00001"}
    right = found(
        sent=[Sent(made=older, version_id="v1"), Sent(made=newer, version_id="v2")],
        entries=[
            entry(
                dataset="accounts", load_id="one", rows_in=3, rows_published=3, rows_quarantined=0
            ),
            entry(
                dataset="accounts", load_id="two", rows_in=2, rows_published=2, rows_quarantined=0
            ),
        ],
        tables={
            "accounts": Counter(("one", r) for r in older.good)
            + Counter(("two", r) for r in newer.good)
        },
        quarantined=[],
        sights=[],
        latest=Counter(("two", row) for row in latest_of((*older.rows, *newer.rows))),
        latest_sights=[
            Sight(at=0.0, table="accounts_latest", rows=Counter(("one", r) for r in older.good))
        ],
    )
    assert judged(right).wrong == ()
    assert judged(right).sums.superseded == 2
    mixed = Counter({("one", "a-00000"): 1, ("two", "b-00000"): 1})
    wrong = replace(right, latest_sights=[Sight(at=0.0, table="accounts_latest", rows=mixed)])
    assert judged(wrong).wrong == ("a snapshot of accounts_latest had 2 rows: of no whole loads",)
    stale = replace(right, latest=Counter(("one", row) for row in older.good))
    assert judged(stale).wrong == ("3 latest rows instead of 3",)


def test_rows_of_other_datasets_are_none_of_the_latest_ones() -> None:
    beside = found(latest=Counter(), latest_sights=[])
    assert judged(beside).wrong == ()
    assert judged(beside).sums.superseded == 0
