"""The legislators' documents, and whether what is said about them is so."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import duckdb
import pyarrow as pa

from local_cloud.legislators_sample import legislators_sample, legislators_truth


def documents() -> dict[str, list[dict[str, Any]]]:
    """As a reader of the files finds them."""
    return {
        name.removesuffix(".json"): [json.loads(line) for line in content.decode().splitlines()]
        for name, content in legislators_sample().files().items()
    }


def test_every_call_gives_the_same_bytes() -> None:
    assert legislators_sample().files() == legislators_sample().files()


def test_ids_stand_once() -> None:
    for name in ("persons", "organizations"):
        assert max(Counter(record["id"] for record in documents()[name]).values()) == 1


def test_the_files_hold_what_the_objects_say() -> None:
    sample, read = legislators_sample(), documents()
    for name in ("persons", "memberships", "organizations"):
        told = getattr(sample, name)
        assert read[name] == [{k: v for k, v in row.items() if v is not None} for row in told]
    assert [len(read[name]) for name in sorted(read)] == [90, 5, 40]


def test_every_membership_is_history_or_leads_nowhere() -> None:
    truth = legislators_truth()
    assert len(truth.history) + len(truth.dangling) == len(documents()["memberships"])
    assert [row["unknown"] for row in truth.dangling] == [
        ("person_id",),
        ("organization_id",),
        ("person_id",),
        ("person_id", "organization_id"),
    ]


def test_dates_are_missing_where_the_truth_says_so() -> None:
    read, missing = documents(), legislators_truth().missing
    assert missing == {
        "persons.birth_date": 3,
        "memberships.start_date": 4,
        "memberships.end_date": 24,
    }
    for place, count in missing.items():
        name, field = place.split(".")
        assert sum(field not in record for record in read[name]) == count


def test_who_is_a_member_for_another_is_so_for_a_party() -> None:
    read = documents()
    parties = {o["id"] for o in read["organizations"] if o["classification"] == "party"}
    assert {membership["on_behalf_of_id"] for membership in read["memberships"]} == parties


def test_the_history_is_the_join_of_the_documents() -> None:
    with duckdb.connect() as connection:
        for name, rows in documents().items():
            connection.register(name, pa.Table.from_pylist(_even(rows)))
        joined = connection.sql(
            "SELECT m.*, "
            "COLUMNS(p.*) AS 'person_\\0', COLUMNS(o.*) AS 'organization_\\0' "
            "FROM memberships m JOIN persons p ON p.id = m.person_id "
            "JOIN organizations o ON o.id = m.organization_id"
        )
        found = joined.to_arrow_table().to_pylist()
    assert by_seat(found) == by_seat([dict(row) for row in legislators_truth().history])


def by_seat(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row["person_id"], row["legislative_period_id"]))


def _even(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With every field in every record: Arrow takes the first record's for all."""
    fields = dict.fromkeys(field for row in rows for field in row)
    return [{field: row.get(field) for field in fields} for row in rows]
