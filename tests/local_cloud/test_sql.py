"""`python -m local_cloud sql`: one answer at a time, and the prompt."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from prompt_toolkit import PromptSession
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from config.datasets import load_contracts
from config.environments import Environment
from local_cloud import sql_command, sql_desk
from local_cloud.cli import NOT_ALL_WELL, SUCCESS, WRONG_USE, main
from local_cloud.cloud import LocalCloud
from local_cloud.sql_command import asked
from local_cloud.sql_desk import SqlDesk
from local_cloud.work_folder import endpoints_up, told_up
from operations.cli import main as operations
from operations.errors import WrongUse
from operations.place import reaching
from tests.groups import with_groups
from tests.operations.desks import Desk, any_desk

Said = pytest.CaptureFixture[str]


@pytest.fixture
def desk(cloud: LocalCloud, dev: Environment) -> Iterator[Desk]:
    with reaching(cloud.endpoint):
        os.environ["AWS_DEFAULT_REGION"] = dev.account.aws_region
        yield any_desk(dev)


def test_an_answer_is_a_table_csv_or_json(
    desk: Desk, cloud: LocalCloud, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    ask = ["sql", "SELECT id, name, amount FROM orders ORDER BY id DESC", "--local", cloud.endpoint]
    assert main(ask) == SUCCESS
    assert capsysbinary.readouterr().out.decode().splitlines() == [
        "id  name  amount",
        " 3  y       1.50",
        " 2  x       NULL",
        " 1  x       NULL",
        "3 rows",
    ]
    assert main([*ask, "--limit", "1"]) == SUCCESS
    assert capsysbinary.readouterr().out.endswith(b"the first 1 row: there are more\n")
    assert main([*ask, "--csv"]) == SUCCESS
    assert capsysbinary.readouterr().out == b'"id","name","amount"\n3,"y",1.50\n2,"x",\n1,"x",\n'
    assert main([*ask, "--json"]) == SUCCESS
    found = json.loads(capsysbinary.readouterr().out, parse_float=Decimal)
    assert found[0] == {"id": 3, "name": "y", "amount": Decimal("1.50")}
    assert len(desk.rows("orders")) == 3


def test_a_statement_may_come_from_standard_input_to_the_cloud_that_is_up(
    desk: Desk,  # noqa: ARG001 - all of it is in there
    cloud: LocalCloud,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Said,
) -> None:
    folder = tmp_path / "work" / f"20260115T100000-{os.getpid()}"
    folder.mkdir(parents=True)
    gone = tmp_path / "work" / "20260115T100000-0"
    gone.mkdir()
    (gone / "endpoint").write_text("dev\nhttp://127.0.0.1:1\n")
    root = tmp_path / "work"
    monkeypatch.setattr(sql_command, "endpoints_up", lambda: endpoints_up(root))
    monkeypatch.setattr(sys, "stdin", io.StringIO("SELECT count(*) AS n\nFROM orders;\n"))
    with told_up(folder, "dev", cloud.endpoint):
        assert main(["sql"]) == SUCCESS
    assert capsys.readouterr().out.splitlines() == ["n", "3", "1 row"]
    assert main(["sql", "orders"]) == WRONG_USE
    assert "expected one local cloud of dev, none is up" in capsys.readouterr().err


def test_what_cannot_be_asked_is_wrong_use(desk: Desk, cloud: LocalCloud, capsys: Said) -> None:
    database = desk.environment.names.curated_database
    for statement, told in {
        "SELECT nmae FROM orders": f"there is no column nmae in {database}.orders; near names: "
        f"{database}.orders.name",
        "SELECT * FROM ordres": "there is no table ordres; near names",
        "DROP TABLE orders": "the SQL must be one SELECT",
        ".frobnicate": "expected SQL, .tables, .schema",
        ".schema ordres": "there is no table ordres",
    }.items():
        assert main(["sql", statement, "--local", cloud.endpoint]) == WRONG_USE
        assert told in capsys.readouterr().err


def test_what_is_exported_of_a_local_cloud_is_what_the_prompt_shows(
    desk: Desk, cloud: LocalCloud, tmp_path: Path, capsys: Said
) -> None:
    before = desk.lake.table.metadata.snapshots[1].snapshot_id
    ask = ["export", "orders", "--to", str(tmp_path / "a.csv"), "--env", "dev"]
    local = ["--local", cloud.endpoint]
    assert operations([*ask, *local]) == SUCCESS
    assert capsys.readouterr().out.startswith(f"3 rows are in {tmp_path / 'a.csv'} (")
    assert main(["sql", "orders", "--csv", *local]) == SUCCESS
    assert capsys.readouterr().out == (tmp_path / "a.csv").read_text()
    assert operations([*ask, *local, "--as-of", str(before)]) == SUCCESS
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 1 + 2
    assert operations([*ask, *local, "--max-rows", "2"]) == 1
    assert "expected at most 2 rows" in capsys.readouterr().err
    assert [one.name for one in tmp_path.iterdir() if one.suffix] == ["a.csv"]


def test_commands_tell_what_there_is(desk: Desk) -> None:
    sql = SqlDesk(desk.environment)
    database = desk.environment.names.curated_database
    assert list(sql.answer(".tables")) == [
        f"table   database{' ' * (len(database) - 8)}  kind",
        f"orders  {database}  Iceberg",
    ]
    assert list(sql.answer("show  tables ;")) == list(sql.answer(".tables"))
    assert "amount  DECIMAL(18, 2)" in list(sql.answer(".schema orders;"))
    for athenas in ("DESCRIBE orders", "show columns in curated.orders;"):
        assert list(sql.answer(athenas)) == list(sql.answer(".schema orders"))
    head, current, before, _ = sql.answer(".snapshots curated.orders")
    assert head.split() == ["snapshot", "committed", "rows"]
    assert (current.split()[2:], before.split()[2:]) == (["3", "current"], ["2"])
    snapshot = before.split()[0]
    answer = sql.answer(f"SELECT count(*) AS n FROM orders FOR VERSION AS OF {snapshot}")
    assert list(answer) == ["n", "2", "1 row"]
    assert any("SELECT" in line for line in sql.answer(".help"))


def test_a_desk_keeps_its_rows_through_a_refresh_until_it_is_told_to_look_again(desk: Desk) -> None:
    old, asks = (
        SqlDesk(desk.environment),
        "SELECT array_join(array_agg(id ORDER BY id), ' ') AS n FROM orders",
    )
    desk.refresh(7, 8)
    assert list(old.answer(asks))[1] == "1 2 3"
    assert list(SqlDesk(desk.environment).answer(asks))[1] == "7 8"
    assert list(old.answer(".refresh")) == ["1 tables, as they stand now"]
    assert list(old.answer(asks))[1] == "7 8"


def test_the_prompt_takes_statements_up_to_their_semicolons() -> None:
    typed = "\n.tables\nSELECT 1\n\nFROM x;\nSELECT\x03.quit\nSELECT 2;\n"
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        keys.send_text(typed)
        session: PromptSession[str] = PromptSession()
        assert list(asked(session)) == [".tables", "SELECT 1\n\nFROM x;"]


def test_the_prompt_answers_goes_on_after_mistakes_and_remembers(
    desk: Desk,  # noqa: ARG001 - all of it is in there
    cloud: LocalCloud,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Said,
) -> None:
    monkeypatch.setattr(sql_command, "HISTORY", tmp_path / "history")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        keys.send_text("SELECT oops FROM orders;\nSELECT max(id) AS m FROM orders;\n\x04")
        assert main(["sql", "--local", cloud.endpoint]) == SUCCESS
    said = capsys.readouterr().out
    assert "error: there is no column oops" in said
    assert said.endswith("m\n3\n1 row\n")
    assert "SELECT max(id)" in (tmp_path / "history").read_text()


@pytest.mark.slow
def test_files_are_run_in_a_cloud_of_their_own_and_asked(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "sales.csv").write_text("id,amount\n1,1.50\n2,2.25\n3,\n")
    ask = "SELECT count(*) AS n, sum(amount) AS total FROM sales"
    assert main(["sql", ask, "--csv", "--run", str(tmp_path / "sales.csv")]) == SUCCESS
    assert capsysbinary.readouterr().out == b'"n","total"\n3,3.75\n'


def test_files_and_an_endpoint_at_once_are_wrong_use(cloud: LocalCloud, capsys: Said) -> None:
    assert main(["sql", "x", "--run", "x.csv", "--local", cloud.endpoint]) == WRONG_USE
    assert "got both" in capsys.readouterr().err


def test_an_endpoint_that_is_gone_is_told(capsys: Said) -> None:
    assert main(["sql", "x", "--local", "http://127.0.0.1:9"]) == NOT_ALL_WELL
    assert "expected to reach dev" in capsys.readouterr().err


READERS = """
name: orders
columns: {id: bigint, name: string, amount: 'decimal(18,2)'}
primary_key: [id]
latest_table: orders
readers:
"""


def seen_by(
    desk: Desk, readers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *groups: str
) -> list[SqlDesk]:
    """Desks of groups, over contracts with these readers."""
    (tmp_path / "orders.yaml").write_text(READERS.replace("readers:\n", f"readers: {readers}\n"))
    contracts = load_contracts(tmp_path)
    monkeypatch.setattr(sql_desk, "load_contracts", lambda: contracts)
    environment = with_groups(desk.environment, "eu", "us", "rest")
    return [SqlDesk(environment, group=group) for group in groups]


def test_a_group_sees_what_contracts_leave_for_it(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    eu, us, rest = seen_by(
        desk,
        "[{name: eu, columns: {only: [id, day]}, rows: \"name = 'x' AND id < 3\"}, "
        "{name: us, columns: {except: [name]}}]",
        tmp_path,
        monkeypatch,
        *("eu", "us", "rest"),
    )
    assert list(eu.answer("SELECT * FROM orders ORDER BY id")) == [
        "id  day",
        " 1  15",
        " 2  15",
        "2 rows",
    ]
    assert [line.split()[0] for line in eu.answer(".schema orders")][1:] == ["id", "day"]
    assert "name" not in eu.words()
    assert {"id", "amount"} <= us.words()
    assert list(us.answer("SELECT count(*) AS n, sum(amount) AS s FROM orders"))[1] == "3  1.50"
    for hidden in ("SELECT name FROM orders", "SELECT id FROM orders WHERE name = 'y'"):
        with pytest.raises(WrongUse, match="there is no column name"):
            list(eu.answer(hidden))
    with pytest.raises(WrongUse, match=r"rest sees nothing of .*orders: no entry of `readers`"):
        list(rest.answer("SELECT * FROM orders"))
    assert list(rest.answer(".tables")) == ["table  database  kind"]
    then = desk.lake.table.metadata.snapshots[1].snapshot_id
    asks = f"SELECT count(*) AS n FROM orders FOR VERSION AS OF {then}"
    assert list(us.answer(asks))[1] == "2"
    desk.refresh(1, 9)
    assert list(eu.answer(".refresh")) == ["1 tables, as they stand now"]
    assert list(eu.answer("SELECT id FROM orders"))[1:] == [" 1", "1 row"]


def test_a_filter_that_its_table_cannot_have_shows_nothing(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = '[{name: eu, columns: {except: [load_id]}}, {name: us, rows: "amount = 1"}]'
    eu, us = seen_by(desk, readers, tmp_path, monkeypatch, "eu", "us")
    with pytest.raises(WrongUse, match=r"eu sees nothing of .*the contract names load_id, and"):
        list(eu.answer("SELECT id FROM orders"))
    assert list(us.answer("SELECT count(*) AS n FROM orders"))[1] == "0"


def test_a_group_that_the_environment_has_not_is_wrong_use(
    desk: Desk,  # noqa: ARG001 - all of it is in there
    cloud: LocalCloud,
    capsys: Said,
) -> None:
    assert main(["sql", "orders", "--as", "eu", "--local", cloud.endpoint]) == WRONG_USE
    told = capsys.readouterr().err
    assert "expected a group in reading.groups of dev (config/environments.yaml)" in told
    assert "where there is none; got eu" in told
