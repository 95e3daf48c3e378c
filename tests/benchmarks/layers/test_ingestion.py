"""The files of all formats hold the same records, and a wrong value is seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pyarrow import orc

from benchmarks.checking import check
from benchmarks.columns import COLUMNS, tally
from benchmarks.datasets import Truth
from benchmarks.layers.ingestion.files import FORMATS, Files, prepare
from benchmarks.layers.ingestion.records import chunks_of, json_lines, typed


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return prepare(0.3, tmp_path_factory.mktemp("formats"))


def records(files: Files, ending: str) -> list[dict[str, Any]]:
    text = files.path(ending).read_text(encoding="utf-8")
    if ending == "json":
        return list(json.loads(text, parse_float=Decimal))
    return [json.loads(line, parse_float=Decimal) for line in text.splitlines()]


def tables(files: Files) -> Iterator[tuple[str, pa.Table]]:
    yield "parquet", pq.read_table(files.path("parquet"))
    yield "orc", orc.read_table(files.path("orc"))
    with files.path("avro").open("rb") as file:
        yield "avro", pa.Table.from_pylist(list(fastavro.reader(file)))


def written(table: pa.Table, folder: Path) -> Path:
    """As an output, with its metadata columns."""
    for name in ("processed_at", "source_file", "processing_job"):
        table = table.append_column(name, pa.repeat("any", table.num_rows))
    pq.write_table(table, folder / "rows.parquet")
    return folder


def test_every_format_has_a_file_of_its_own(files: Files) -> None:
    assert set(files.sizes) == set(FORMATS)
    assert all(files.sizes.values())
    assert files.sizes["jsonl"] == pytest.approx(300_000, rel=0.1)


def test_files_with_types_hold_what_the_truth_says(files: Files) -> None:
    for ending, table in tables(files):
        for name, column in COLUMNS.items():
            values = table.column(name).combine_chunks()
            assert tally(values, column) == files.truth.columns[name], (ending, name)


def test_json_holds_the_same_records_in_lines_and_as_a_list(files: Files) -> None:
    lines = records(files, "jsonl")
    assert lines == records(files, "json")
    assert len(lines) == files.truth.rows


def test_json_spells_values_as_they_are(files: Files) -> None:
    table = pq.read_table(files.path("parquet")).to_pylist()
    plain = ("order_id", "postal_code", "city", "note", "is_gift", "is_paid", "amount", "quantity")
    for found, expected in zip(records(files, "jsonl"), table, strict=True):
        assert [found[name] for name in plain] == [expected[name] for name in plain]
        assert found["ordered_on"] == expected["ordered_on"].isoformat()
        assert found["updated_at"] == expected["updated_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_texts_have_umlauts_quotes_and_line_ends(files: Files) -> None:
    notes = [record["note"] or "" for record in records(files, "jsonl")]
    cities = {record["city"] for record in records(files, "jsonl")}
    assert any('"' in note and "\n" in note for note in notes)
    assert "München" in cities


def test_a_right_output_is_right(files: Files, tmp_path: Path) -> None:
    table = pq.read_table(files.path("parquet"))
    assert check(written(table, tmp_path), files.truth, files=1).wrong == ()


def test_rounded_decimals_are_seen(files: Files, tmp_path: Path) -> None:
    table = pq.read_table(files.path("parquet"))
    place = table.schema.get_field_index("unit_price")
    rounded = pc.round(table.column("unit_price").cast(pa.float64()), 1)
    changed = table.set_column(place, "unit_price", rounded)
    [fault] = check(written(changed, tmp_path), files.truth, files=1).wrong
    assert fault == "unit_price: changed by becoming double"


def test_as_many_records_as_are_asked_for() -> None:
    (part,) = chunks_of(7)
    assert (len(json_lines(part)), typed(part).num_rows) == (7, 7)
    assert Truth().plus(part).rows == 7
