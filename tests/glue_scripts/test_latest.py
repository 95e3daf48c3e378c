"""Tables of the latest row of each key, against recomputation from everything that was uploaded."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import pytest
from pyspark.sql import SparkSession

from curation.refresh import Refresh
from iceberg.manifests import live_files
from local_cloud.catalog.reader import CatalogReader
from tests.aws import CURATED
from tests.curations import FOLDER, Curation
from tests.keeping import Keeper
from wires.contracts import BusinessRule, DatasetContract
from wires.layout import dataset_model

THINGS = DatasetContract(
    name="things",
    primary_key=("id",),
    latest_by=("version",),
    deleted_when="op = 'D'",
    rules=(BusinessRule(name="price_is_positive", expect="price > 0"),),
)
OUTCOMES = ("inserted", "updated", "unchanged", "superseded", "deleted", "quarantined")


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A row, and where it stood."""

    id: int
    version: int | None
    op: str
    price: int
    at: str
    upload: int
    """Which it was: within a second nothing else tells what came later."""
    place: int

    @property
    def age(self) -> tuple[object, ...]:
        """In the order in which later rows count."""
        return (self.version is not None, self.version or 0, self.at, self.upload, self.place)


def latest_of(things: list[Thing]) -> dict[int, Thing]:
    """As the contract says it, in plain Python."""
    found: dict[int, Thing] = {}
    for thing in things:
        known = found.get(thing.id)
        if thing.price > 0 and (known is None or thing.age > known.age):
            found[thing.id] = thing
    return {number: thing for number, thing in found.items() if thing.op != "D"}


class History:
    """Uploads of things, one after the other."""

    def __init__(self, curation: Curation) -> None:
        self.curation = curation
        curation.contracts = {"things": THINGS}
        curation.lake.contracts = curation.contracts
        self.things: list[Thing] = []
        self.uploads = 0

    def upload(self, *rows: tuple[int, int | None, str, int], at: str) -> None:
        """id, version, op and price of each."""
        self.uploads += 1
        # Names tell nothing of the order.
        key = f"{FOLDER}things/{random.Random(self.uploads).randrange(10**6)}.csv"  # noqa: S311
        made = [
            Thing(id=i, version=v, op=op, price=price, at=at, upload=self.uploads, place=place)
            for place, (i, v, op, price) in enumerate(rows)
        ]
        self.things += made
        lines = [
            f"{one.id},{'' if one.version is None else one.version},{one.op},{one.price}"
            for one in made
        ]
        text = "\n".join(["id,version,op,price", *lines, ""])
        lake = self.curation.lake
        lake.process(lake.upload(key, text, at, sequencer=f"{self.uploads:08X}"))

    def refresh(self) -> Refresh:
        """What has become of the dataset."""
        published = self.curation.refresh()
        return next(one for one in published if one.model == dataset_model("things"))

    def check(self) -> None:
        reader = CatalogReader(glue=self.curation.aws.glue, s3=self.curation.aws.s3)
        rows = reader.read(CURATED, "things_latest").select(["id", "version", "op", "price"])
        found = sorted((tuple(row.values()) for row in rows.to_pylist()), key=repr)
        wanted = [
            (one.id, one.version, one.op, one.price) for one in latest_of(self.things).values()
        ]
        assert found == sorted(wanted, key=repr)

    def files(self) -> set[str]:
        return {file.file_path for file in live_files(self.curation.iceberg("things_latest"))}


@pytest.fixture
def history(curation: Curation) -> History:
    return History(curation)


def day(number: int, hour: int = 10) -> str:
    return f"2026-01-{number:02d}T{hour:02d}:00:00+00:00"


@pytest.mark.slow
def test_only_files_that_hold_a_key_are_written_again(history: History) -> None:
    for number in range(1, 4):
        history.upload(*((10 * number + i, 1, "I", 5) for i in range(5)), at=day(number))
        counts = history.refresh().counts
        assert (counts.inserted, counts.current) == (5, 5)
        history.check()
    before = history.files()
    assert len(before) == 3
    history.upload((21, 2, "U", 6), (22, 1, "I", 5), (23, 0, "U", 9), (99, 1, "I", 0), at=day(4))
    refresh = history.refresh()
    counted = {name: getattr(refresh.counts, name) for name in OUTCOMES}
    assert counted == {
        "inserted": 0,
        "updated": 1,
        "unchanged": 1,
        "superseded": 1,
        "deleted": 0,
        "quarantined": 1,
    }
    assert refresh.counts.rows_in == 4
    history.check()
    assert len(before & history.files()) == 2, "of days that have none of the keys"


@pytest.mark.slow
def test_what_was_deleted_does_not_come_back_with_an_older_row(history: History) -> None:
    history.upload((1, 1, "I", 5), (2, 1, "I", 5), at=day(1))
    history.refresh()
    history.upload((1, 5, "D", 5), (7, 3, "D", 5), at=day(2))
    counts = history.refresh().counts
    assert (counts.deleted, counts.rows_in) == (2, 2)
    history.check()
    history.upload((1, 4, "U", 8), (7, 2, "I", 8), at=day(3))
    counts = history.refresh().counts
    assert (counts.superseded, counts.rows_in) == (2, 2)
    history.check()
    history.upload((1, 6, "I", 9), at=day(3, hour=11))
    assert history.refresh().counts.inserted == 1
    history.check()


def test_a_row_that_stands_has_come_after_others_of_its_file(history: History) -> None:
    history.upload((7, 3, "D", 5), (7, 3, "I", 6), at=day(1))
    history.refresh()
    history.check()
    history.upload((7, 2, "I", 9), at=day(2))
    history.refresh()
    history.check()


@pytest.mark.slow
def test_a_column_that_stands_for_another_one_has_the_table_made_anew(history: History) -> None:
    """`Amount` is `amount` until a file has both spellings, of which that is the other one then."""
    lake = history.curation.lake
    history.curation.contracts["things"] = replace(THINGS, rules=())
    for name, text in (("1", "Amount\n1,1,I,5"), ("2", "amount\n2,1,I,6")):
        body = f"id,version,op,{text}\n"
        lake.process(lake.upload(f"{FOLDER}things/{name}.csv", body, day(int(name))))
        refresh = history.refresh()
        assert refresh.whole
    names = [name for name in lake.types("things") if name.startswith("amount")]
    assert len(names) == 2
    found = history.curation.iceberg("things_latest").scan().to_arrow().select(["id", *names])
    rows = sorted(tuple(row.values()) for row in found.to_pylist())
    assert rows == sorted(lake.rows("things", "id", *names), key=lambda row: str(row[0]))


@pytest.mark.slow
def test_a_table_that_is_gone_is_made_anew(history: History) -> None:
    history.upload((1, 1, "I", 5), at=day(1))
    history.refresh()
    history.curation.aws.glue.delete_table(DatabaseName=CURATED, Name="things_latest")
    assert history.refresh().whole
    history.check()


@pytest.mark.slow
def test_a_new_type_makes_the_table_anew_and_a_new_column_does_not(history: History) -> None:
    history.upload((1, 1, "I", 5), at=day(1))
    history.refresh()
    lake = history.curation.lake
    key = f"{FOLDER}things/more.csv"
    lake.process(lake.upload(key, "id,version,op,price,more\n2,1,I,7,x\n", day(2)))
    added = history.refresh()
    assert not added.whole
    assert dict(added.columns)["more"] == "string"
    lake.process(lake.upload(f"{FOLDER}things/odd.csv", "id,version,op,price\n3,1,I,7.5\n", day(2)))
    widened = history.refresh()
    assert widened.whole
    assert dict(widened.columns)["price"].startswith("decimal")
    assert widened.counts.rows_in == 1
    assert len(history.curation.read("things_latest")) == 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.in_turn(2)
def test_any_history_gives_what_recomputation_gives(
    history: History, spark: SparkSession, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311
    keep = Keeper(history.curation.aws, spark)
    if seed % 2:
        plain = replace(THINGS, latest_by=(), deleted_when="")
        history.curation.contracts["things"] = plain
    for _ in range(6):
        for _ in range(chance.randint(1, 2)):
            numbers = chance.sample(range(12), chance.randint(1, 6))
            rows = [
                (
                    number,
                    None if seed % 2 else chance.choice([None, *range(5)]),
                    "I" if seed % 2 else chance.choice("IUD"),
                    chance.choice([0, 5, 6]),
                )
                for number in numbers
            ]
            history.upload(*rows, at=day(chance.randint(1, 3), chance.randint(0, 1)))
        counts = history.refresh().counts
        assert counts.rows_in == sum(getattr(counts, name) for name in OUTCOMES)
        history.check()
        if chance.random() < 0.4:
            keep()
