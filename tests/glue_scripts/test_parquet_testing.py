"""Parquet's public test files: read as other readers read them, or refused with the reason.

https://github.com/apache/parquet-testing, in the folder that LAKE_CORPORA names.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.glue_scripts.typed_files import read, refusal

FOLDER = Path(os.environ.get("LAKE_CORPORA", "/none"), "parquet-testing")
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="LAKE_CORPORA names no folder with it")
GOOD = sorted(FOLDER.glob("data/**/*.parquet*"))
BAD = sorted(FOLDER.glob("bad_data/*.parquet"))
REASONS = (
    "is a list",
    "is a map",
    "is a struct",
    "is a geometry",
    "is a geography",
    "is bytes, which the file does not call text",
    "encrypted",
    "does not match its checksum",
    "describes a map as the format does not allow it",
)
TRUE_AFTER_ALL = "ARROW-GH-43605.parquet"
"""A dictionary of one entry, of which no index takes a bit: three other readers take it."""
OUT_OF_RANGE = "int96_from_spark.parquet"


@pytest.mark.parametrize("path", [p for p in GOOD if p.suffix != ".json"], ids=lambda p: p.name)
def test_a_file_is_read_or_refused_for_what_it_is(path: Path) -> None:
    before = time.monotonic()
    content = path.read_bytes()
    reason = refusal(content)
    if reason:
        assert any(told in reason for told in REASONS), reason
        return
    found = read(content)
    assert found.records == pq.read_metadata(path).num_rows
    assert len(found.bad) == (path.name == OUT_OF_RANGE)
    if path.name != OUT_OF_RANGE:
        expected = pq.read_table(path)
        assert {name: shown(column) for name, column in columns(found.rows, expected)} == {
            name: shown(expected.column(name).to_pylist()) for name in expected.column_names
        }
    assert time.monotonic() - before < 20


def columns(rows: list[dict[str, object]], like: pa.Table) -> list[tuple[str, list[object]]]:
    return [(name, [row[name] for row in rows]) for name in like.column_names]


def shown(values: list[object]) -> list[str]:
    return [str(value).replace("+00:00", "") for value in values]


@pytest.mark.parametrize("path", [p for p in GOOD if p.suffix == ".parquet"], ids=lambda p: p.name)
def test_duckdb_counts_as_many_rows(path: Path) -> None:
    content = path.read_bytes()
    if refusal(content):
        pytest.skip("refused")
    assert read(content).records == duckdb.read_parquet(str(path)).shape[0]


@pytest.mark.parametrize("path", BAD, ids=lambda p: p.name)
def test_a_broken_file_is_refused(path: Path) -> None:
    assert bool(refusal(path.read_bytes())) == (path.name != TRUE_AFTER_ALL)
