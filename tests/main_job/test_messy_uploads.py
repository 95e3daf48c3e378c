"""The command line on files as people have them, through templates, trigger and Spark."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

ROOT = Path(__file__).parents[2]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
FILES: Mapping[str, bytes] = {
    "orders/good.csv": b'id,zip,note\r\n1,02134,"a, ""b""\nc"\r\n2,007,\r\n',
    "orders/bom.csv": b"\xef\xbb\xbfid,zip,note\n3,1,x\n",
    "orders/ragged.csv": b"id,zip,note\n4,1\n5,1,x,y\n6,1,z\n",
    "latin/names.csv": "id;name\n1;Müller\n2;Größe\n".encode("latin-1"),
    "packed.csv": gzip.compress(b"a,b\n1,2\n"),
    "photo.csv": PNG,
    "zero.csv": b"",
    "header.csv": b"a,b\n",
    "noheader.csv": b"1,2.5\n2,3.5\n",
    "dup.csv": b"a,a,,B\n1,2,3,4\n",
    "wide.csv": b",".join(b"c%d" % i for i in range(3000)) + b"\n" + b"1," * 2999 + b"1\n",
    "data[1].csv": b"id\n1\n",
    "data1.csv": b"id\n2\n",
    "_x.csv": b"id\n3\n",
    "Büro 1+2.csv": b"id\n4\n",
    "a%20b.csv": b"id\n5\n",
    "x:y.csv": b"id\n6\n",
    "a/x.csv": b"id\n1\n",
    "b/x.csv": b"id\n2\n",
    "again/one.csv": b"id\n1\n",
    ".DS_Store": b"\0\0\0\1Bud1",
}


@dataclass(frozen=True)
class Outcome:
    """What a run of the command line left behind."""

    code: int
    report: dict[str, Any]
    out: Path

    def object(self, key: str) -> dict[str, Any]:
        [found] = [item for item in self.report["objects"] if item["key"] == key]
        return dict(found)

    def rows(self, dataset: str, columns: str) -> list[tuple[Any, ...]]:
        files = self.out / "processed" / dataset / "**" / "*.parquet"
        sql = f"SELECT {columns} FROM read_parquet('{files}', union_by_name=true) ORDER BY ALL"  # noqa: S608
        with duckdb.connect() as connection:
            return connection.execute(sql).fetchall()


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local_cloud", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("messy")
    uploads = folder / "uploads"
    for key, content in FILES.items():
        path = uploads / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    again = [folder / str(number) / "twice.csv" for number in range(3)]
    for path, content in zip(again, (b"id\n1\n", b"id\n2\n", b"id\n1\n"), strict=True):
        path.parent.mkdir()
        path.write_bytes(content)
    done = run("run", str(uploads), *map(str, again), "--out", str(folder / "out"), "--json")
    return Outcome(done.returncode, json.loads(done.stdout), folder / "out")


def test_every_upload_is_in_the_report_and_none_is_left_pending(outcome: Outcome) -> None:
    keys = sorted(item["key"] for item in outcome.report["objects"])
    assert keys == sorted([*FILES, "twice.csv", "twice.csv", "twice.csv"])
    assert {item["status"] for item in outcome.report["objects"]} == {
        "published",
        "empty",
        "ignored",
        "rejected",
    }
    assert outcome.code == 1  # a picture was rejected


def test_rows_of_each_object_add_up_and_are_in_the_files(outcome: Outcome) -> None:
    for item in outcome.report["objects"]:
        assert item["rows_in"] == item["rows_published"] + item["rows_quarantined"]
        if item["status"] == "published" and item["rows_published"]:
            found = outcome.rows(item["dataset"], "source_file, load_id")
            assert len([row for row in found if row[0] == item["key"]]) >= item["rows_published"]
    published = sum(item["rows_published"] for item in outcome.report["objects"])
    files = (outcome.out / "processed").rglob("*.parquet")
    with duckdb.connect() as connection:
        counts = [
            connection.execute("SELECT count(*) FROM read_parquet(?)", [str(file)]).fetchall()
            for file in files
        ]
    assert sum(rows for [[rows]] in counts) == published


def test_values_are_those_of_the_files(outcome: Outcome) -> None:
    assert outcome.rows("orders", "id, zip, note") == [
        (1, "02134", 'a, "b"\nc'),
        (2, "007", None),
        (3, "1", "x"),
        (6, "1", "z"),
    ]
    assert outcome.rows("latin", "name") == [("Größe",), ("Müller",)]
    assert outcome.rows("packed", "a, b") == [(1, 2)]
    assert outcome.rows("noheader", "column_1, CAST(column_2 AS VARCHAR)") == [
        (1, "2.5"),
        (2, "3.5"),
    ]
    assert outcome.rows("dup", "a, a_2, unnamed, b") == [(1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("key", "value"),
    [("data[1].csv", 1), ("_x.csv", 3), ("Büro 1+2.csv", 4), ("a%20b.csv", 5), ("x:y.csv", 6)],
)
def test_a_key_is_read_as_it_is(outcome: Outcome, key: str, value: int) -> None:
    dataset = outcome.object(key)["dataset"]
    assert outcome.rows(dataset, "id, source_file") == [(value, key)]


def test_names_that_come_out_alike_do_not_meet(outcome: Outcome) -> None:
    assert outcome.object("data[1].csv")["dataset"] != outcome.object("data1.csv")["dataset"]
    assert outcome.rows("a", "id") == [(1,)]
    assert outcome.rows("b", "id") == [(2,)]


def test_what_brings_no_rows_says_why(outcome: Outcome) -> None:
    ends = {
        key: outcome.object(key) for key in ("zero.csv", "header.csv", ".DS_Store", "photo.csv")
    }
    assert [end["status"] for end in ends.values()] == ["empty", "empty", "ignored", "rejected"]
    assert all(end["reason"] for end in ends.values())
    assert "a PNG image" in ends["photo.csv"]["reason"]


def test_two_versions_of_one_key_are_both_data_and_the_same_content_is_not_data_twice(
    outcome: Outcome,
) -> None:
    ends = [item for item in outcome.report["objects"] if item["key"] == "twice.csv"]
    assert sorted(end["status"] for end in ends) == ["ignored", "published", "published"]
    assert outcome.rows("twice", "id") == [(1,), (2,)]


def test_malformed_rows_are_in_quarantine_with_reason_file_and_line(outcome: Outcome) -> None:
    files = (outcome.out / "quarantine" / "rows").rglob("*.jsonl")
    rows = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    assert [(row["source_file"], row["line"], row["raw"], row["reason"]) for row in rows] == [
        ("orders/ragged.csv", 2, "4,1", "2 fields, expected 3"),
        ("orders/ragged.csv", 3, "5,1,x,y", "4 fields, expected 3"),
    ]


def test_a_refused_object_is_in_quarantine_as_it_came(outcome: Outcome) -> None:
    copies = (outcome.out / "quarantine" / "objects").rglob("*photo.csv")
    assert [copy.read_bytes() for copy in copies] == [PNG]


def test_tables_have_the_types_of_their_files(outcome: Outcome) -> None:
    [orders] = [table for table in outcome.report["tables"] if table["name"] == "orders"]
    assert orders["partition_keys"] == ["year", "month", "day"]
    assert orders["columns"][:3] == [
        {"name": "id", "type": "bigint"},
        {"name": "zip", "type": "string"},
        {"name": "note", "type": "string"},
    ]
    assert not {"year", "month", "day"} & {column["name"] for column in orders["columns"]}


def test_wrong_use_ends_with_2_and_one_line(tmp_path: Path) -> None:
    done = run("run", str(tmp_path / "missing.csv"))
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_the_demo_ends_well_and_tells_its_story() -> None:
    done = run("demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every row is accounted for" in done.stdout
    assert "303 rows in, 300 published, 3 quarantined" in done.stdout
