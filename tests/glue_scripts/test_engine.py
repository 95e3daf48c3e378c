"""Large objects: what is presumed from a sample comes out as if all had been read before."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyspark.sql import SparkSession

from benchmarks.convert_files import BulkReport, convert_files

PIECE = 8 * 1024 * 1024
LINES = 360_000


def convert(spark: SparkSession, tmp_path: Path, name: str, content: bytes) -> BulkReport:
    source = tmp_path / "in" / name
    source.parent.mkdir(exist_ok=True)
    source.write_bytes(content)
    out = (tmp_path / "out").as_uri()
    return convert_files(spark, [source.as_uri()], out=out, target_file_bytes=PIECE)


def published(tmp_path: Path, dataset: str, sql: str) -> list[tuple[Any, ...]]:
    files = tmp_path / "out" / "processed" / dataset / "**" / "*.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW t AS SELECT * FROM read_parquet('{files}')")  # noqa: S608
        return connection.execute(sql).fetchall()


def last_folder(tmp_path: Path, dataset: str) -> set[str]:
    """Of all rounds, the one that counts is the last."""
    files = (tmp_path / "out" / "processed" / dataset).rglob("*.parquet")
    return {file.parent.name for file in files}


def lines(first: int, count: int, end: str = "\n") -> bytes:
    return "".join(
        f'{i},"text, {i}\n""{i % 7}""",{i}.5{end}' for i in range(first, first + count)
    ).encode()


def test_a_file_in_pieces_has_the_rows_that_python_s_reader_finds(
    spark: SparkSession, tmp_path: Path
) -> None:
    content = b"id,text,amount\r\n" + lines(0, LINES, "\r\n")
    report = convert(spark, tmp_path, "big.csv", content)
    expected = list(csv.reader(io.StringIO(content.decode(), newline="")))[1:]
    assert (report.rows_in, report.rows_published) == (LINES, LINES)
    [outcome] = report.outcomes
    assert outcome.reason == ""
    found = published(tmp_path, "big", "SELECT id, text, amount::VARCHAR FROM t ORDER BY id")
    assert [(str(i), text, amount) for i, text, amount in found] == [tuple(r) for r in expected]
    assert last_folder(tmp_path, "big") == {"attempt-1-1"}
    files = list((tmp_path / "out" / "processed" / "big").rglob("*.parquet"))
    assert len(files) == -(-len(content) // PIECE)


def test_a_value_that_breaks_a_presumed_type_makes_the_column_text_everywhere(
    spark: SparkSession, tmp_path: Path
) -> None:
    half = LINES // 2
    content = b"id,text,amount\n" + lines(0, half) + b"007,odd,n/a\n" + lines(half, half)
    report = convert(spark, tmp_path, "big.csv", content)
    [write] = report.commit.partitions
    assert [column.type.glue for column in write.schema.columns] == ["string"] * 3
    [folder] = {file.key.split("/")[-2] for file in write.files}
    assert folder == "attempt-1-2"
    sql = f"SELECT id, amount FROM t WHERE filename LIKE '%{folder}%' AND id IN ('007', '3')"  # noqa: S608
    files = tmp_path / "out" / "processed" / "big" / "**" / "*.parquet"
    with duckdb.connect() as connection:
        options = "filename=true, union_by_name=true"
        connection.execute(f"CREATE VIEW t AS SELECT * FROM read_parquet('{files}', {options})")  # noqa: S608
        assert sorted(connection.execute(sql).fetchall()) == [("007", "n/a"), ("3", "3.5")]
    assert report.rows_published == LINES + 1


@pytest.mark.slow
def test_bytes_that_come_late_decide_about_the_encoding_of_all(
    spark: SparkSession, tmp_path: Path
) -> None:
    content = b"id,text,amount\n" + lines(0, LINES) + "1,Größe,2.5\n".encode("cp1252")
    report = convert(spark, tmp_path, "big.csv", content)
    [outcome] = report.outcomes
    assert outcome.details is not None
    assert outcome.details["encoding"] == "cp1252"
    assert (outcome.rows_published, outcome.rows_quarantined) == (LINES + 1, 0)
    assert published(tmp_path, "big", "SELECT id FROM t WHERE text = 'Größe'") == [(1,)]


def test_malformed_records_of_any_piece_are_put_aside_with_their_lines(
    spark: SparkSession, tmp_path: Path
) -> None:
    plain = b"".join(b"%d,some text that fills the line,%d.5\n" % (i, i) for i in range(LINES))
    content = b"Title\nid,text,amount\n" + plain + b"1,2\n" + b'5,"open,1.5\n' + b"6,x,1.5\n"
    report = convert(spark, tmp_path, "big.csv", content)
    [outcome] = report.outcomes
    assert (outcome.rows_in, outcome.rows_published, outcome.rows_quarantined) == (
        LINES + 4,
        LINES + 1,
        3,
    )
    files = sorted((tmp_path / "out" / "quarantine" / "rows").rglob("*.jsonl"))
    rows = [line for file in files for line in file.read_text().splitlines()]
    assert [line.split('"line": ')[1].split(",")[0] for line in rows] == [
        "1",
        str(LINES + 3),
        str(LINES + 4),
    ]


@pytest.mark.parametrize("target", [8, 64])
def test_neither_rows_nor_types_depend_on_the_size_of_the_pieces(
    spark: SparkSession, tmp_path: Path, target: int
) -> None:
    source = tmp_path / "big.csv"
    source.write_bytes(b"id,text,amount\n" + lines(0, LINES) + b"x,y\n")
    report = convert_files(
        spark,
        [source.as_uri()],
        out=(tmp_path / "out").as_uri(),
        target_file_bytes=target * 1024 * 1024,
    )
    [write] = report.commit.partitions
    assert [(column.name, column.type.spell()) for column in write.schema.columns] == [
        ("id", "integer:6:0"),
        ("text", "text:0:0"),
        ("amount", "decimal:6:1"),
    ]
    assert (report.rows_published, report.rows_quarantined) == (LINES, 1)
    sums = published(tmp_path, "big", "SELECT sum(id), sum(amount), sum(length(text)) FROM t")
    ids = LINES * (LINES - 1) // 2
    assert [str(sums[0][0]), str(sums[0][1])] == [str(ids), f"{ids + LINES / 2:.1f}"]
