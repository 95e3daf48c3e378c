"""An output is right only if nothing in it is lost, added or changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from benchmarks.checking import Verdict, check
from benchmarks.columns import COLUMNS
from benchmarks.datasets import Truth
from benchmarks.generator import CHUNK_ROWS, Chunk, chunk

Change = Callable[[pa.Table], pa.Table]


@pytest.fixture(scope="module")
def orders() -> Chunk:
    return chunk(0, quoted=True)


def verdict(orders: Chunk, folder: Path, change: Change) -> Verdict:
    """What a check says about a right output to which something has been done."""
    table = orders.values
    for name in ("processed_at", "source_file", "processing_job"):
        table = table.append_column(name, pa.array(["x"] * table.num_rows))
    pq.write_table(change(table), folder / "rows.parquet")
    return check(folder, Truth().plus(orders), files=1)


def replaced(name: str, change: Callable[[pa.ChunkedArray], pa.ChunkedArray]) -> Change:
    def on_table(table: pa.Table) -> pa.Table:
        position = table.schema.names.index(name)
        return table.set_column(position, name, change(table.column(name)))

    return on_table


def test_an_output_with_every_value_is_right(orders: Chunk, tmp_path: Path) -> None:
    assert verdict(orders, tmp_path, lambda table: table).text == "right"


def test_order_of_rows_and_columns_does_not_matter(orders: Chunk, tmp_path: Path) -> None:
    def turned(table: pa.Table) -> pa.Table:
        return table.sort_by("amount").select(table.schema.names[::-1])

    assert verdict(orders, tmp_path, turned).text == "right"


def test_lost_leading_zeros_are_wrong(orders: Chunk, tmp_path: Path) -> None:
    change = replaced("postal_code", lambda codes: codes.cast(pa.int32()))
    assert verdict(orders, tmp_path, change).text == (
        "wrong: postal_code: changed by becoming int32"
    )


def test_a_lost_row_is_wrong(orders: Chunk, tmp_path: Path) -> None:
    found = verdict(orders, tmp_path, lambda table: table.slice(1))
    assert found.wrong == (f"{CHUNK_ROWS - 1:,} rows instead of {CHUNK_ROWS:,}",)


def test_a_row_twice_in_place_of_another_is_wrong(orders: Chunk, tmp_path: Path) -> None:
    def doubled(table: pa.Table) -> pa.Table:
        return pa.concat_tables([table.slice(1), table.slice(5, 1)])

    assert "order_id" in verdict(orders, tmp_path, doubled).text


def test_an_empty_text_in_place_of_a_null_is_wrong(orders: Chunk, tmp_path: Path) -> None:
    found = verdict(orders, tmp_path, replaced("note", lambda notes: pc.fill_null(notes, "")))
    assert len(found.wrong) == 1
    assert found.wrong[0].startswith("note: 0 nulls instead of")


def test_two_letters_in_each_others_place_are_wrong(orders: Chunk, tmp_path: Path) -> None:
    change = replaced("sku", pc.utf8_reverse)
    assert verdict(orders, tmp_path, change).wrong == ("sku: values changed",)


def test_shifted_timestamps_are_wrong(orders: Chunk, tmp_path: Path) -> None:
    hour = pa.scalar(3600, pa.duration("s"))
    change = replaced("created_at", lambda moments: pc.add(moments, hour))
    assert verdict(orders, tmp_path, change).wrong == ("created_at: values changed",)


def test_a_missing_column_is_wrong(orders: Chunk, tmp_path: Path) -> None:
    found = verdict(orders, tmp_path, lambda table: table.drop_columns(["city", "rating"]))
    assert found.wrong == ("city, rating: missing",)


def test_missing_metadata_is_wrong(orders: Chunk, tmp_path: Path) -> None:
    found = verdict(orders, tmp_path, lambda table: table.drop_columns(["processed_at"]))
    assert found.wrong == ("processed_at is missing",)


def test_no_output_is_wrong(tmp_path: Path) -> None:
    assert check(tmp_path, Truth(), files=1).wrong == ("no output",)


def test_decimals_as_doubles_are_told_but_not_wrong(orders: Chunk, tmp_path: Path) -> None:
    change = replaced("unit_price", lambda prices: prices.cast(pa.float64()))
    assert verdict(orders, tmp_path, change).text == "right; unit_price: as double"


def test_typed_values_as_text_are_told_but_not_wrong(orders: Chunk, tmp_path: Path) -> None:
    def untyped(table: pa.Table) -> pa.Table:
        for name in ("updated_at", "ordered_on", "order_id"):
            written = pa.chunked_array([orders.cells[name]])
            table = table.set_column(table.schema.names.index(name), name, written)
        return table

    found = verdict(orders, tmp_path, untyped)
    assert found.text == "right; order_id, ordered_on, updated_at: as string"


def test_every_column_is_checked(orders: Chunk) -> None:
    assert set(Truth().plus(orders).columns) == set(COLUMNS)
