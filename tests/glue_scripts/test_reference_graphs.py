"""Random histories over datasets that refer to each other, with gaps, against recomputation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from tests.curations import Curation
from wires.contracts import DatasetContract, Reference

SQL = """
SELECT o.ordered_on, c.country, r.rate, z.zone, count(*) AS orders, sum(o.amount) AS amount
FROM orders o
LEFT JOIN customers c USING (customer_id)
LEFT JOIN rates r USING (customer_id)
LEFT JOIN zones z ON c.country = z.country
GROUP BY o.ordered_on, c.country, r.rate, z.zone
"""
HEADS = {
    "orders": "order_id,customer_id,ordered_on,amount",
    "customers": "customer_id,country",
    "rates": "customer_id,rate",
    "zones": "country,zone",
}
COUNTRIES = ("DE", "FR", "ES", "IT")


@dataclass
class World:
    """The latest row of each key, and what the table has to be."""

    chance: Random
    latest: Mapping[str, dict[str, tuple[int, list[str]]]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def rows(self, dataset: str, minute: int) -> list[list[str]]:
        """Some more; they count unless a later upload has told of the key."""
        found = {row[0]: row for row in map(self._row, [dataset] * self.chance.randint(1, 5))}
        for key, row in found.items():
            self.latest[dataset][key] = max(self.latest[dataset].get(key, (-1, [])), (minute, row))
        return list(found.values())

    def _row(self, dataset: str) -> list[str]:
        draw = self.chance
        customer = str(draw.randint(1, 6))
        if dataset == "orders":
            day = f"2026-01-{draw.randint(10, 13)}"
            return [str(draw.randint(1, 12)), customer, day, str(draw.randint(1, 99))]
        if dataset == "zones":
            return [draw.choice(COUNTRIES), f"zone {draw.randint(1, 3)}"]
        other = draw.choice(COUNTRIES) if dataset == "customers" else str(draw.randint(1, 9))
        return [customer, other]

    def table(self) -> list[tuple[object, ...]]:
        found: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for order, customer, day, amount in self._all("orders").values():
            del order
            country = self._value("customers", customer)
            rate = self._value("rates", customer)
            zone = self._value("zones", country)
            group = (day, country, None if rate is None else int(rate), zone)
            found[group].append(int(amount))
        rows = [(*group, len(amounts), sum(amounts)) for group, amounts in found.items()]
        return sorted(rows, key=repr)

    def _all(self, dataset: str) -> Mapping[str, list[str]]:
        return {key: row for key, (_, row) in self.latest[dataset].items()}

    def _value(self, dataset: str, key: str | None) -> str | None:
        row = self._all(dataset).get(key or "")
        return row[1] if row else None


def set_up(curation: Curation) -> None:
    contracts = curation.contracts
    orders = contracts["orders"]
    [sales] = orders.curated
    to_customer = orders.references
    to_zone = Reference(columns=("country",), dataset="zones", to=("country",))
    contracts["orders"] = replace(
        orders,
        rules=(),
        curated=(replace(sales, sql=SQL, uses=("customers", "rates", "zones")),),
    )
    contracts["customers"] = replace(contracts["customers"], references=(to_zone,))
    contracts["rates"] = DatasetContract(
        name="rates", primary_key=("customer_id",), references=to_customer
    )
    contracts["zones"] = DatasetContract(name="zones", primary_key=("country",))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_any_history_of_a_graph_gives_what_recomputation_gives(
    curation: Curation, seed: int
) -> None:
    """Rows that refer to nobody yet, chains of references, and uploads that are late."""
    set_up(curation)
    world = World(Random(f"graph {seed}"))  # noqa: S311 - a test's data
    # One upload of each: a table waits for the first file of every dataset.
    begun = world.chance.sample(sorted(HEADS), len(HEADS))
    minutes = iter(world.chance.sample(range(60), 20))
    for number, dataset in enumerate([*begun, *world.chance.choices(sorted(HEADS), k=8)]):
        minute = next(minutes)
        lines = [HEADS[dataset], *(",".join(row) for row in world.rows(dataset, minute))]
        at = f"2026-01-15T10:{minute:02d}:00+00:00"
        curation.upload(dataset, "".join(f"{line}\n" for line in lines), at=at)
        if number >= len(HEADS) - 1 and world.chance.random() < 0.6:
            curation.refresh()
            assert _read(curation) == world.table()
    curation.refresh()
    assert _read(curation) == world.table()


def _read(curation: Curation) -> list[tuple[object, ...]]:
    rows = [(str(day), *others) for day, *others in curation.read("sales")]
    return sorted(rows, key=repr)
