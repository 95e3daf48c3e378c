"""Files of a table that are written again without some of their rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.rewriting import _write_kept, key_of
from iceberg.field_ids import field_ids_of, with_field_ids
from lake.errors import AccountingError
from lake.writing.row_groups import RowGroups

IDS = {"id": 1, "fläche_m²": 2, "note": 3, "year": 4, "month": 5, "day": 6}
SCHEMA = with_field_ids(
    pa.schema([(name, pa.int64() if name == "id" else pa.string()) for name in IDS]), IDS
)
DAY = {name: [value] * 4 for name, value in (("year", "2026"), ("month", "01"), ("day", "15"))}
ROWS = pa.table({"id": [1, 2, 3, 4], "fläche_m²": ["a", None, "c", "d"], **DAY})


def file_of(folder: Path, rows: pa.Table, ids: dict[str, int]) -> pq.ParquetFile:
    schema = with_field_ids(rows.schema, ids)
    pq.write_table(rows.cast(schema), folder / "source", row_group_size=3)
    return pq.ParquetFile(folder / "source")


def kept(folder: Path, rows: pa.Table, ids: dict[str, int], *gone: int) -> pa.Table:
    target = folder / "target"
    content = file_of(folder, rows, ids)
    counted = _write_kept(content, np.array(gone), target, SCHEMA, "orders/part")
    written = pq.read_table(target)
    values = sum(written.num_rows - written[n].null_count for n in ("id", "fläche_m²", "note"))
    assert counted == (written.num_rows, values)
    assert field_ids_of(pq.read_metadata(target)) == IDS
    return written


def test_rows_go_by_their_place_across_row_groups_and_the_others_keep_their_order(
    tmp_path: Path,
) -> None:
    left = kept(tmp_path, ROWS, IDS, 0, 3)
    assert left.column("id").to_pylist() == [2, 3]
    assert left.column("fläche_m²").to_pylist() == [None, "c"]


def test_a_column_that_the_file_is_older_than_has_no_values(tmp_path: Path) -> None:
    assert kept(tmp_path, ROWS, IDS, 1).column("note").to_pylist() == [None] * 3


def test_a_column_that_another_writer_spells_otherwise_is_known_by_its_id(tmp_path: Path) -> None:
    names = ["fläche_m_xB2" if name == "fläche_m²" else name for name in ROWS.column_names]
    ids = {**IDS, "fläche_m_xB2": IDS["fläche_m²"]}
    left = kept(tmp_path, ROWS.rename_columns(names), ids, 1)
    assert left.column("fläche_m²").to_pylist() == ["a", "c", "d"]


def test_a_column_that_the_table_has_not_is_never_left_out_in_silence(tmp_path: Path) -> None:
    rows = ROWS.append_column("strange", pa.array(["x"] * 4))
    with pytest.raises(AccountingError, match="has the columns strange, which the table has not"):
        kept(tmp_path, rows, {**IDS, "strange": 99}, 1)


def test_a_place_that_the_file_has_not_is_no_row_that_went(tmp_path: Path) -> None:
    with pytest.raises(AccountingError, match="2 rows with 2 values were to go; 3 rows"):
        kept(tmp_path, ROWS, IDS, 3, 9)


def test_a_location_as_spark_spells_it_leads_to_its_key() -> None:
    assert key_of("s3://bucket/a%20table/year=2026/part-0") == "a table/year=2026/part-0"


@pytest.mark.parametrize("samples", [False, True])
def test_merged_files_keep_dictionaries_where_values_repeat_seldom(
    tmp_path: Path, samples: bool
) -> None:
    """A customer's number repeats ten times in a file, though hardly in a sample."""
    values = pa.table({"customer": [f"customer {n * 7919 % 8000:05d}" for n in range(80_000)]})
    with RowGroups(tmp_path / "file", values.schema, samples=samples) as file:
        file.add(values)
    column = pq.read_metadata(tmp_path / "file").row_group(0).column(0)
    assert ("RLE_DICTIONARY" in column.encodings) is not samples
