"""The command `export` against an account: by an Athena on this machine, which speaks the API."""

from __future__ import annotations

import _thread
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from config.environments import Environment
from operations.cli import FAILURE, SUCCESS, WRONG_USE, main
from operations.export_commands import INTERRUPTED
from operations.reading import athena as athena_reader
from tests.operations.athenas import RESULTS, SmallAthena, column, served
from tests.operations.desks import Desk, any_desk

Said = pytest.CaptureFixture[str]

COLUMNS = (
    column("id", "bigint", 19),
    column("name", "varchar", 2147483647),
    column("amount", "decimal", 18, 2),
    column("at", "timestamp", 3),
    column("on", "date"),
    column("good", "boolean"),
    column("real", "double", 17),
    column("bytes", "varbinary"),
)
RESULT = (
    '"id","name","amount","at","on","good","real","bytes"\n'
    '"1","a ""b""\nc","1.50","2026-01-31 18:00:00.123","2026-01-31","true","0.5","68 c3 a9"\n'
    '"2","",,,,,"NaN",""\n'
    '"3",,"-0.01","0001-01-01 00:00:00.000",,"false","1.0E20",\n'
)
"""As Athena writes: all is quoted but null, which is empty."""


@pytest.fixture
def desk(aws: None, dev: Environment) -> Desk:  # noqa: ARG001 - all of it is in there
    desk = any_desk(dev)
    location = {"LocationConstraint": dev.account.aws_region}
    desk.s3.create_bucket(Bucket=RESULTS, CreateBucketConfiguration=location)
    return desk


@pytest.fixture
def athena(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallAthena]:
    made = SmallAthena(columns=COLUMNS)
    desk.s3.put_object(Bucket=RESULTS, Key="readers/q-1.csv", Body=RESULT.encode())
    monkeypatch.setattr(athena_reader, "_PAUSES", (0.01,))
    with served(made) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ATHENA", endpoint)
        yield made


def test_a_table_is_exported_with_what_it_cost(
    desk: Desk, athena: SmallAthena, tmp_path: Path, capsys: Said
) -> None:
    assert (
        main(["export", "orders", "--to", str(tmp_path / "a.parquet"), "--env", "dev"]) == SUCCESS
    )
    said = capsys.readouterr()
    assert "3 rows are in" in said.out
    assert "Athena took 1.5 s and scanned 3.0 GB: about 0.013642 USD" in said.err
    assert "query q-1 is QUEUED" in said.err
    [asked] = athena.asked
    database = desk.environment.names.curated_database
    assert asked["QueryString"] == f'SELECT * FROM "{database}"."orders" AS "orders"'
    assert asked["WorkGroup"] == desk.environment.names.workgroup
    found = pq.read_table(tmp_path / "a.parquet")
    assert [str(kind) for kind in found.schema.types] == [
        "int64",
        "string",
        "decimal128(18, 2)",
        "timestamp[us]",
        "date32[day]",
        "bool",
        "double",
        "binary",
    ]
    texts = [{name: str(value) for name, value in row.items()} for row in found.to_pylist()]
    assert texts[0] == {
        "id": "1",
        "name": 'a "b"\nc',
        "amount": "1.50",
        "at": "2026-01-31 18:00:00.123000",
        "on": "2026-01-31",
        "good": "True",
        "real": "0.5",
        "bytes": "b'h\\xc3\\xa9'",
    }
    assert found.column("name").to_pylist()[1:] == ["", None]
    assert found.column("bytes").to_pylist()[1:] == [b"", None]
    assert texts[2]["at"] == "0001-01-01 00:00:00"
    assert not athena.stopped


def test_sql_is_led_to_databases_and_to_snapshots(
    desk: Desk, athena: SmallAthena, tmp_path: Path
) -> None:
    database = desk.environment.names.curated_database
    number = desk.lake.table.metadata.snapshots[1].snapshot_id
    sql = "SELECT o.id, date_add('day', 1, now()) FROM curated.orders o WHERE o.id > 1 ORDER BY 1"
    command = ["export", sql, "--to", str(tmp_path / "a.json"), "--env", "dev"]
    assert main([*command, "--as-of", str(number), "--workgroup", "own"]) == SUCCESS
    version = "FROM orders FOR TIMESTAMP AS OF current_timestamp - INTERVAL '1' DAY"
    assert main(["export", f"SELECT * {version}", *command[2:]]) == SUCCESS
    first, second = (one["QueryString"] for one in athena.asked)
    assert f'FROM "{database}"."orders" FOR VERSION AS OF {number} AS o WHERE o.id > 1' in first
    assert "DATE_ADD('DAY', 1, CURRENT_TIMESTAMP)" in first
    assert first.endswith("ORDER BY 1")
    assert (
        f'"{database}"."orders" FOR TIMESTAMP AS OF CURRENT_TIMESTAMP - INTERVAL \'1\' DAY'
        in second
    )
    assert athena.asked[0]["WorkGroup"] == "own"
    assert len(json.loads((tmp_path / "a.json").read_bytes())) == 3


def test_an_answer_without_rows_and_one_with_a_single_null_are_told_apart(
    desk: Desk, athena: SmallAthena, tmp_path: Path
) -> None:
    athena.columns = (column("n", "bigint"),)
    command = ["export", "orders", "--to", str(tmp_path / "a.json"), "--env", "dev"]
    for result, found in {'"n"\n': [], '"n"\n\n"1"\n': [{"n": None}, {"n": 1}]}.items():
        desk.s3.put_object(Bucket=RESULTS, Key="readers/q-1.csv", Body=result.encode())
        assert main(command) == SUCCESS
        assert json.loads((tmp_path / "a.json").read_bytes()) == found


WRONG: tuple[tuple[list[str], str, int, str], ...] = (
    (
        ["SELECT nmae FROM orders"],
        "COLUMN_NOT_FOUND: line 1:8: Column 'nmae' cannot be resolved",
        WRONG_USE,
        "there is no column nmae in .*near names: .*orders.name",
    ),
    (["orders"], "Bytes scanned limit was exceeded", FAILURE, "limit was exceeded"),
    (["orders", "--workgroup", "unknown"], "", WRONG_USE, "is not found.*--workgroup"),
    (["SELECT * FROM ordres"], "", WRONG_USE, "no table ordres; near names"),
    (["DROP TABLE orders"], "", WRONG_USE, "must be one SELECT"),
    (["SELECT * FROM orders a, curated.orders", "--as-of", "7"], "", WRONG_USE, "with a time"),
    (["orders", "--as-of", "7"], "", WRONG_USE, "orders keeps no snapshot 7"),
)


def test_what_fails_is_told_and_no_file_is_made(
    desk: Desk,  # noqa: ARG001 - all of it is in there
    athena: SmallAthena,
    tmp_path: Path,
    capsys: Said,
) -> None:
    for words, reason, code, told in WRONG:
        athena.states, athena.reason = ("RUNNING", "FAILED"), reason
        assert main(["export", *words, "--to", str(tmp_path / "a.csv"), "--env", "dev"]) == code
        error = capsys.readouterr().err
        assert re.search(told, error, re.DOTALL), error
    assert not list(tmp_path.iterdir())


def test_lists_are_refused_with_what_to_ask_for(
    desk: Desk,  # noqa: ARG001 - all of it is in there
    athena: SmallAthena,
    tmp_path: Path,
    capsys: Said,
) -> None:
    athena.columns = (column("all", "array"),)
    command = ["export", "orders", "--to", str(tmp_path / "a.csv"), "--env", "dev"]
    assert main(command) == WRONG_USE
    assert "json_format(CAST(all AS JSON))" in capsys.readouterr().err


def test_a_query_is_stopped_when_its_time_is_over(
    desk: Desk,  # noqa: ARG001 - all of it is in there
    athena: SmallAthena,
    tmp_path: Path,
    capsys: Said,
) -> None:
    athena.states = ("RUNNING",)
    command = ["export", "orders", "--to", str(tmp_path / "a.csv"), "--env", "dev"]
    assert main([*command, "--timeout", "0m"]) == FAILURE
    assert "the query is RUNNING" in capsys.readouterr().err
    assert athena.stopped == ["q-1"]


def test_a_query_is_stopped_when_somebody_interrupts(
    desk: Desk,  # noqa: ARG001 - all of it is in there
    athena: SmallAthena,
    tmp_path: Path,
    capsys: Said,
) -> None:
    athena.states = ("RUNNING",)

    def interrupt() -> None:
        while not athena._looks:
            time.sleep(0.01)
        _thread.interrupt_main()

    thread = threading.Thread(target=interrupt)
    thread.start()
    command = ["export", "orders", "--to", str(tmp_path / "a.csv"), "--env", "dev"]
    assert main(command) == INTERRUPTED
    thread.join()
    assert athena.stopped == ["q-1"]
    assert "a.csv is as it was" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
