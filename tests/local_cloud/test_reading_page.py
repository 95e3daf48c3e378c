"""What docs/reading.md tells people to do, done over a local catalog."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pytest

from config.environments import Environment
from config.sql_reading import reading
from local_cloud.cli import _parser as local_cloud_parser
from local_cloud.cloud import LocalCloud
from local_cloud.sql_desk import SqlDesk
from operations.cli import _parser as operations_parser
from operations.place import reaching
from tests.documented import commands_in
from tests.operations.desks import Desk, any_desk

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reading.md"
BLOCKS = re.findall(r"^```python(.*?)\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture
def desk(cloud: LocalCloud, dev: Environment) -> Iterator[Desk]:
    with reaching(cloud.endpoint):
        os.environ["AWS_DEFAULT_REGION"] = dev.account.aws_region
        yield any_desk(dev)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_notebook_of_the_page_reads_the_table(desk: Desk, dev: Environment) -> None:
    told: dict[str, Any] = {}
    run = [code for needs, code in BLOCKS if not needs]
    for code in run:
        exec(compile(code, str(PAGE), "exec"), told)  # noqa: S102 - it is our own page
    assert len(run) == 5
    assert told["DATABASE"] == dev.names.curated_database
    assert told["arrow"].sort_by("id").to_pylist() == [
        {"id": 2, "amount": None},
        {"id": 3, "amount": Decimal("1.50")},
    ]
    assert sorted(told["frame"]["id"]) == [2, 3]
    assert told["rows"] == 3
    assert told["by_day"].rows() == [("15", 3)]
    assert told["total"] == [(Decimal("1.50"),)]
    assert sorted(told["then"]["id"]) == [1, 2]
    assert isinstance(told["history"], pa.Table)
    assert told["history"].num_rows == len(desk.lake.table.metadata.snapshots)


def begun(table: Any) -> dict[str, Callable[[], list[int]]]:
    """Begin to read a table by each way of the page, and return what ends it: the ids."""
    batches = iter(table.scan().to_arrow_batch_reader())
    first = next(batches)
    lazy = pl.scan_iceberg(table, reader_override="pyiceberg")
    engine = duckdb.connect()
    engine.register("read", table.scan().to_arrow_batch_reader())
    scan = table.scan(row_filter="id > 0", selected_fields=("id",))
    return {
        "arrow": lambda: list(scan.to_arrow()["id"].to_pylist()),
        "pandas": lambda: list(scan.to_pandas()["id"]),
        "batches": lambda: [i for one in (first, *batches) for i in one["id"].to_pylist()],
        "polars": lambda: list(lazy.select("id").collect()["id"]),
        "duckdb": lambda: [i for (i,) in engine.sql("SELECT id FROM read").fetchall()],
        "duckdb, by files": lambda: list(table.scan().to_duckdb("t").sql("FROM t").df()["id"]),
    }


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_whoever_began_before_a_refresh_ends_with_the_old_rows_by_every_way(desk: Desk) -> None:
    told: dict[str, Any] = {}
    table = BLOCKS[0][1]
    exec(compile(table, str(PAGE), "exec"), told)  # noqa: S102 - it is our own page
    old = begun(told["orders"])
    prompt = SqlDesk(desk.environment)
    desk.refresh(*range(7, 17))
    exec(compile(table, str(PAGE), "exec"), told)  # noqa: S102 - it is our own page
    new = begun(told["orders"])
    assert {way: sorted(ids()) for way, ids in old.items()} == {key: [1, 2, 3] for key in old}
    assert {way: sorted(ids()) for way, ids in new.items()} == {key: [*range(7, 17)] for key in new}
    asks = "SELECT min(id) AS low, max(id) AS high FROM orders"
    assert list(prompt.answer(asks))[1].split() == ["1", "3"]
    assert list(SqlDesk(desk.environment).answer(asks))[1].split() == ["7", "16"]


def test_what_of_the_page_is_not_run_needs_what_is_not_here() -> None:
    needs = [needs.strip().removeprefix("needs=") for needs, _ in BLOCKS if needs]
    assert needs == ["awswrangler"]
    assert all(importlib.util.find_spec(name) is None for name in needs)


def test_the_commands_and_the_sql_of_the_page_are_ones_that_there_are() -> None:
    parsers = {"operations": operations_parser(), "local_cloud": local_cloud_parser()}
    commands = [one for one in commands_in(PAGE) if len(one.words) > 4]
    for command in commands:
        _, _, package, *words = command.words
        assert callable(parsers[package].parse_args(words).command)
    assert len(commands) > 6
    statements = [
        word for command in commands for word in shlex.split(command.text) if " " in word
    ] + re.findall(r"^    (SELECT .*)$", PAGE.read_text(), re.MULTILINE)
    assert len(statements) > 6
    assert not [one for one in map(reading, statements) if isinstance(one, str)]
