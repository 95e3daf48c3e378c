"""Curated tables whose runs are killed, or whose files come in any order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws import CURATED
from tests.curations import CUSTOMERS, ORDERS, Curation
from tests.kills import Killed, killed_at_call

LATER = "2026-01-16T10:00:00+00:00"
HEAD = "order_id,customer_id,ordered_on,amount\n"
CHANGES = f"{HEAD}11,2,2026-01-14,7\n13,2,2026-01-11,1\n10,1,2026-01-12,-5\n"
BEFORE = {
    "2026-01-12": [("DE", 1, 5), ("FR", 1, 7)],
    "2026-01-13": [("DE", 1, 9)],
}
AFTER = {
    "2026-01-11": [("FR", 1, 1)],
    "2026-01-12": [("DE", 1, 5)],
    "2026-01-13": [("DE", 1, 9)],
    "2026-01-14": [("FR", 1, 7)],
}


def by_day(curation: Curation) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for day, *row in curation.sales():
        found.setdefault(day, []).append(tuple(row))
    return found


def prepared(curation: Curation) -> None:
    """A table that stands, and a load that changes it."""
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    curation.refresh()
    curation.upload("orders", CHANGES, at=LATER)


@pytest.mark.slow
@pytest.mark.parametrize("job", ["process", "judge"])
@pytest.mark.parametrize("limits", [(4, 15), tuple(range(0, 90, 7))])
@pytest.mark.in_turn(2)
def test_a_job_killed_at_any_call_shows_whole_days_and_the_next_run_completes(
    curation: Curation, job: str, limits: tuple[int, ...]
) -> None:
    prepared(curation)
    if job == "judge":
        curation.process()
    for limit in limits:
        with killed_at_call(limit) as calls, suppress(Killed):
            getattr(curation, job)()
        for day, rows in by_day(curation).items():
            assert rows in (BEFORE.get(day), AFTER.get(day)), (limit, day)
        if len(calls) < limit:
            break
    curation.refresh()
    assert by_day(curation) == AFTER
    assert curation.state("table/sales").staged == ""
    reasons = [row["reason"] for row in curation.lake.quarantined()]
    assert reasons == ["breaks the rule amount_is_positive"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 9))
@pytest.mark.in_turn(2)
def test_whatever_the_order_of_loading_the_table_is_that_of_all_rows(
    curation: Curation, seed: int
) -> None:
    """Uploads have their times; the order in which they are loaded, and after which of them the
    jobs run, is chance."""
    chance = Random(seed)  # noqa: S311 - a test's order
    uploads = list(any_uploads(chance))
    for upload in chance.sample(uploads, len(uploads)):
        curation.upload(upload["dataset"], upload["text"], at=upload["at"])
        if chance.random() < 0.5:
            curation.refresh()
    curation.refresh()
    assert curation.sales() == expected(uploads)


def any_uploads(chance: Random) -> Iterator[Mapping[str, Any]]:
    """Customers and orders that are told again, with other countries, days and amounts."""
    for number in range(6):
        at = f"2026-01-15T10:{number:02}:00+00:00"
        if chance.random() < 0.4 or number == 0:
            rows = {chance.randint(1, 4): chance.choice("AB") for _ in range(3)}
            text = "customer_id,country\n" + "".join(f"{i},{c}\n" for i, c in rows.items())
            yield {"dataset": "customers", "text": text, "rows": rows, "at": at}
        else:
            orders = {
                chance.randint(1, 8): (
                    chance.randint(1, 4),
                    f"2026-01-{chance.randint(10, 13)}",
                    chance.choice((-1, 1, 2, 3)),
                )
                for _ in range(4)
            }
            lines = (f"{i},{c},{day},{amount}\n" for i, (c, day, amount) in orders.items())
            yield {"dataset": "orders", "text": HEAD + "".join(lines), "rows": orders, "at": at}


def expected(uploads: list[Mapping[str, Any]]) -> list[tuple[str, str, int, int]]:
    customers: dict[int, str] = {}
    orders: dict[int, tuple[int, str, int]] = {}
    for upload in sorted(uploads, key=lambda one: one["at"]):
        if upload["dataset"] == "customers":
            customers |= upload["rows"]
        else:
            orders |= {i: row for i, row in upload["rows"].items() if row[2] > 0}
    sums: dict[tuple[str, str], list[int]] = {}
    for customer, day, amount in orders.values():
        if customer in customers:
            sums.setdefault((day, customers[customer]), []).append(amount)
    rows = [(day, country, len(all_), sum(all_)) for (day, country), all_ in sums.items()]
    return sorted(rows, key=repr)


@pytest.mark.slow
def test_what_cannot_be_carried_out_is_withdrawn_and_made_anew(curation: Curation) -> None:
    """A file that waits is gone: nobody can publish it, and nobody waits for it either."""
    curation.upload("customers", CUSTOMERS)
    [staged] = curation.process()
    models = curation.processing().models
    assert models.ledger.approve(staged.model, models.ledger.get(staged.model).staged)
    for file in staged.files:
        curation.aws.s3.delete_object(Bucket=CURATED, Key=file.key)
    with pytest.raises(ClientError, match="NoSuchKey"):
        models.carry_out(staged.model)
    assert not models.ledger.get(staged.model).approved
    [again] = curation.refresh()
    assert again.rows == staged.rows > 0
