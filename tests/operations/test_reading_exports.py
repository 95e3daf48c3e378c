"""Exports of tables and of answers, in each format."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.reading.formats import PieceReading, inspect_whole
from lake.reading.originals import Span
from operations.errors import OperationError, WrongUse
from operations.progress import Progress
from operations.reading import excel_file
from operations.reading.answer import Answer
from operations.reading.export import check_target, export
from operations.reading.texts import plain
from tests.glue_scripts.texts import Text
from wires.contracts import CsvDemands

EXPORTED = CsvDemands(delimiter=",", quote='"', header=True, encoding="utf-8")
"""What a contract says of files that exports have written."""
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
HOSTILE = st.sampled_from(['"', ",", "\n", "\r\n", "\r", "#", ";", "'", "NULL", " ", "=1", "𝄞"])
TEXTS = st.none() | st.lists(HOSTILE | st.text(LETTERS, max_size=5), max_size=6).map("".join)
MOMENTS = st.none() | st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))  # noqa: DTZ001 - the tables' timestamps have no zone
DECIMALS = st.none() | st.decimals(-(10**9), 10**9, places=8, allow_nan=False)
ROWS = st.lists(
    st.tuples(TEXTS, DECIMALS, MOMENTS, st.none() | st.booleans(), TEXTS), min_size=2, max_size=20
)
SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        ("some text", pa.string()),
        ("amount", pa.decimal128(38, 8)),
        ("at", pa.timestamp("us")),
        ("is_good", pa.bool_()),
        ('other, "text"', pa.string()),
    ]
)


def any_answer(rows: Sequence[Sequence[Any]], schema: pa.Schema = SCHEMA) -> Answer:
    dicts = [dict(zip(schema.names, row, strict=True)) for row in rows]
    batches = pa.Table.from_pylist(dicts, schema).to_batches(max_chunksize=7)
    return Answer.of(schema, iter(batches))


def written(
    folder: Path, name: str, rows: Sequence[Sequence[Any]], schema: pa.Schema = SCHEMA, **how: Any
) -> bytes:
    path = folder / name
    done = export(any_answer(rows, schema), path, progress=Progress(), **how)
    assert (done.rows, done.bytes) == (len(rows), path.stat().st_size)
    assert [one.name for one in folder.iterdir()] == [name]
    return path.read_bytes()


def read_by_the_product(content: bytes) -> tuple[list[str], list[tuple[str | None, ...]]]:
    text = Text(content)
    found = inspect_whole(text, max_ratio=200, demands=EXPORTED)
    chunks = list(PieceReading(text, found.layout, Span(0, len(content)), max_ratio=200))
    assert not [bad for chunk in chunks for bad in chunk.bad]
    names = list(chunks[0].rows.column_names) if chunks else []
    return names, [tuple(row.values()) for chunk in chunks for row in chunk.rows.to_pylist()]


@given(rows=ROWS)
def test_the_product_reads_back_from_csv_what_was_exported(
    rows: list[tuple[Any, ...]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    numbered = [(place, *row) for place, row in enumerate(rows)]
    content = written(tmp_path_factory.mktemp("out"), "rows.csv", numbered)
    table = pa.Table.from_batches(any_answer(numbered).batches)
    wanted = zip(*(plain(one.combine_chunks()).to_pylist() for one in table.columns), strict=True)
    _, found = read_by_the_product(content)
    assert found == list(wanted)


def test_a_file_of_csv_is_read_without_a_contract_and_has_the_types_of_the_table(
    tmp_path: Path,
) -> None:
    rows = [
        (1, "a,b", Decimal("0.00000001"), datetime(2026, 1, 31, 18, 0, 0, 5), True, None),  # noqa: DTZ001
        (2, "", None, None, None, "=1+1"),
    ]
    content = written(tmp_path, "rows.csv", rows)
    assert content.decode().splitlines() == [
        '"number","some text","amount","at","is_good","other, ""text"""',
        '1,"a,b",0.00000001,2026-01-31 18:00:00.000005,true,',
        '2,"",,,,"=1+1"',
    ]
    found = inspect_whole(Text(content), max_ratio=200, demands=CsvDemands())
    assert [one.glue for one in found.types] == [
        "bigint",
        "string",
        "decimal(18,8)",
        "timestamp",
        "boolean",
        "string",
    ]


def test_csv_for_spreadsheets_has_no_text_that_is_computed(tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "x=1", "", None]
    schema = pa.schema([("n", pa.int64()), ("=name", pa.string())])
    rows = [(-1, text) for text in texts]
    content = written(tmp_path, "rows.csv", rows, schema, spreadsheet_safe=True).decode()
    assert content == (
        '"n","\'=name"\n'
        + "".join(f'-1,"\'{text}"\n' for text in texts[:6])
        + '-1,"x=1"\n-1,""\n-1,\n'
    )


@given(rows=ROWS)
def test_json_has_the_values_of_the_rows(
    rows: list[tuple[Any, ...]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    numbered = [(place, *row) for place, row in enumerate(rows)]
    content = written(tmp_path_factory.mktemp("out"), "rows.json", numbered)
    found = json.loads(content, parse_float=Decimal)
    for row, back in zip(numbered, found, strict=True):
        number, text, amount, at, good, other = back.values()
        moment = None if at is None else datetime.fromisoformat(at)
        assert (number, text, amount, moment, good, other) == row


def test_json_of_what_json_lacks(tmp_path: Path) -> None:
    schema = pa.schema(
        [
            ("real", pa.float64()),
            ("bytes", pa.binary()),
            ("list", pa.list_(pa.int64())),
            ("zoned", pa.timestamp("us", "UTC")),
        ]
    )
    at = datetime(2026, 1, 31, 18, tzinfo=UTC)
    rows = [(float("nan"), b"\x00\xff", [1, None], at), (1.5, None, None, None)]
    assert json.loads(written(tmp_path, "rows.json", rows, schema)) == [
        {"real": "nan", "bytes": "AP8=", "list": [1, None], "zoned": "2026-01-31 18:00:00.000000Z"},
        {"real": 1.5, "bytes": None, "list": None, "zoned": None},
    ]


@given(rows=ROWS)
def test_parquet_has_values_and_types(
    rows: list[tuple[Any, ...]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    numbered = [(place, *row) for place, row in enumerate(rows)]
    folder = tmp_path_factory.mktemp("out")
    written(folder, "rows.parquet", numbered)
    found = pq.read_table(folder / "rows.parquet")
    assert found.schema.equals(SCHEMA)
    assert [tuple(row.values()) for row in found.to_pylist()] == numbered


def test_an_answer_without_rows_is_a_file_with_its_columns(tmp_path: Path) -> None:
    for name, content in {"a.csv": b'"n"\n', "a.json": b"[\n]\n"}.items():
        (tmp_path / name).mkdir()
        assert written(tmp_path / name, name, [], pa.schema([("n", pa.int64())])) == content
    for name in ("a.parquet", "a.xlsx"):
        (tmp_path / name).mkdir()
        assert written(tmp_path / name, name, [], pa.schema([("n", pa.int64())]))


def test_columns_of_one_name_get_different_ones(tmp_path: Path) -> None:
    schema = pa.schema([("id", pa.int64()), ("ID", pa.int64()), ("id", pa.int64())])
    batch = pa.RecordBatch.from_arrays([pa.array([n]) for n in (1, 2, 3)], schema=schema)
    export(Answer.of(schema, [batch]), tmp_path / "a.json", progress=Progress())
    assert json.loads((tmp_path / "a.json").read_bytes()) == [{"id": 1, "ID_2": 2, "id_3": 3}]


SPREADSHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def cells(path: Path, sheet: int = 1) -> Iterator[list[tuple[str, str | None]]]:
    """Type and text of each cell, row by row; formulas would have a type of their own."""
    with zipfile.ZipFile(path) as book:
        content = book.read(f"xl/worksheets/sheet{sheet}.xml")
        root = ET.fromstring(content)  # noqa: S314 - it is our own
        assert root.find(f".//{SPREADSHEET}f") is None
        assert root.find(f".//{SPREADSHEET}hyperlink") is None
    for row in root.iter(f"{SPREADSHEET}row"):
        yield [(one.get("t", "n"), "".join(one.itertext())) for one in row.iter(f"{SPREADSHEET}c")]


def test_excel_has_types_and_texts_and_no_formulas(tmp_path: Path) -> None:
    schema = pa.schema(
        [
            ("=name", pa.string()),
            ("number", pa.int64()),
            ("amount", pa.decimal128(38, 2)),
            ("on", pa.date32()),
            ("at", pa.timestamp("us")),
            ("good", pa.bool_()),
            ("real", pa.float64()),
        ]
    )
    large = Decimal("12345678901234567890.12")
    rows = [
        ("=1+1", 1, Decimal("1.50"), date(2026, 1, 31), datetime(2026, 1, 31, 18), True, 0.5),  # noqa: DTZ001
        ("http://x", 10**17, large, date(1850, 1, 1), datetime(1, 1, 1), None, float("inf")),  # noqa: DTZ001
        ("", None, None, None, None, False, None),
    ]
    written(tmp_path, "rows.xlsx", rows, schema)
    header, first, second, third = cells(tmp_path / "rows.xlsx")
    assert [text for _, text in header] == schema.names
    assert first == [
        ("inlineStr", "=1+1"),
        ("n", "1"),
        ("n", "1.50"),
        ("n", "46053"),
        ("n", "46053.75"),
        ("b", "1"),
        ("n", "0.5"),
    ]
    assert second == [
        ("inlineStr", "http://x"),
        ("inlineStr", str(10**17)),
        ("inlineStr", str(large)),
        ("inlineStr", "1850-01-01"),
        ("inlineStr", "0001-01-01 00:00:00"),
        ("inlineStr", "inf"),
    ]
    assert ("b", "0") in third
    with zipfile.ZipFile(tmp_path / "rows.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert 'state="frozen"' in sheet
    assert "<autoFilter" in sheet
    assert "<cols>" in sheet


def test_excel_has_as_many_sheets_as_rows_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(excel_file, "ROWS_OF_A_SHEET", 4)
    schema = pa.schema([("n", pa.int64())])
    written(tmp_path, "rows.xlsx", [(n,) for n in range(8)], schema)
    found = [[row[0][1] for row in cells(tmp_path / "rows.xlsx", n)] for n in (1, 2, 3)]
    assert found == [["n", "0", "1", "2"], ["n", "3", "4", "5"], ["n", "6", "7"]]
    assert "the rows are in 3 sheets" in capsys.readouterr().err


def test_what_excel_cannot_hold_is_refused_and_what_was_there_stays(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"before")
    answer = any_answer([("x" * 32_768,)], pa.schema([("long", pa.string())]))
    with pytest.raises(OperationError, match=r"32,768 in column long: ask for substr"):
        export(answer, tmp_path / "a.xlsx", progress=Progress())
    wide = pa.schema([(f"c{n}", pa.int64()) for n in range(16_385)])
    with pytest.raises(OperationError, match="at most 16,384 columns"):
        export(any_answer([], wide), tmp_path / "a.xlsx", progress=Progress())
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"before"]


def test_a_target_that_cannot_be_written_is_told_before_any_work(tmp_path: Path) -> None:
    for name in ("a.txt", "a", "no/a.csv"):
        with pytest.raises(WrongUse, match="expected --to"):
            check_target(tmp_path / name)
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(WrongUse, match="is a folder"):
        check_target(tmp_path / "b.csv")
    with pytest.raises(WrongUse, match=r"is for \.csv"):
        check_target(tmp_path / "a.xlsx", spreadsheet_safe=True)


ENDLESS = """
import sys, time
from pathlib import Path
import pyarrow as pa
from operations.progress import Progress
from operations.reading.answer import Answer
from operations.reading.export import export
schema = pa.schema([("n", pa.int64())])
def batches():
    while True:
        yield pa.record_batch([pa.array(range(50_000))], schema=schema)
        print("more", flush=True)
        time.sleep(0.05)
export(Answer.of(schema, batches()), Path(sys.argv[1]), progress=Progress())
"""


@pytest.mark.parametrize("name", ["rows.csv", "rows.xlsx"])
def test_a_killed_export_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    target.write_bytes(b"before")
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(target)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"more\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        process.stdout.read()
    assert process.returncode == -signal.SIGKILL
    assert target.read_bytes() == b"before"
    assert all(".unfinished-" in one.name for one in tmp_path.iterdir() if one != target)
