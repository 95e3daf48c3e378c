"""Layouts of all formats, as commits keep them."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from lake.reading.formats import FORMATS, examine
from lake.reading.layout import (
    LAYOUTS_IN_JSON,
    ColumnarLayout,
    CsvLayout,
    JsonLayout,
    Layout,
)
from tests.glue_scripts.texts import Text
from tests.glue_scripts.typed_files import avro, orc_file, parquet, record
from wires.errors import UnexpectedJson
from wires.typed_json import TypedJson

JSON = TypedJson(dict(LAYOUTS_IN_JSON), lenient=True)
TABLE = pa.table({"id": [1, 2], "raw": pa.array([b"a", b"b"], pa.binary())})
CONTENTS = {
    "csv": b"above\n\nid;name\n1;'a'\n2;'b'\n",
    "json_lines": b'{"id": 1, "at": {"b": 2}}\n{"id": 2, "at": null}\n',
    "json_list": b'[{"id": 1},\n{"id": 2}]',
    "json_documents": b'{\n"id": 1}\n{\n"id": 2}',
    "parquet": parquet(TABLE),
    "orc": orc_file(TABLE),
    "avro": avro([{"c0": 1, "c1": b"a"}], record("long", "bytes")),
}
KEYS = {"format", "compression", "encoding", "delimiter", "quote", "escape", "header", "columns"}


@pytest.fixture(params=CONTENTS)
def layout(request: pytest.FixtureRequest) -> Layout:
    """One of each format."""
    found, _ = examine(Text(CONTENTS[request.param]), max_ratio=100)
    assert found.format == request.param
    return found


def stored(layout: Layout) -> Any:
    return json.loads(json.dumps(JSON.plain(layout)))


def test_a_layout_comes_back_as_what_it_was(layout: Layout) -> None:
    assert JSON.read(Layout, stored(layout)) == layout
    assert JSON.read(type(layout), stored(layout)) == layout


def test_what_people_are_told_has_the_same_names_for_all(layout: Layout) -> None:
    assert layout.told.keys() == KEYS


def test_commits_of_releases_with_one_class_for_all_formats_are_read(layout: Layout) -> None:
    every = {"delimiter": "", "mark": "", "untold": [], "body": 0, "before": [], "padding": ""}
    assert JSON.read(Layout, every | stored(layout)) == layout


def test_a_layout_of_no_known_format_says_which_there_are() -> None:
    with pytest.raises(UnexpectedJson, match=r"expected a format of csv, .* got 'xml'"):
        JSON.read(Layout, {"format": "xml"})
    with pytest.raises(UnexpectedJson, match="expected a format of csv"):
        JSON.read(Layout, [])


def test_each_class_of_layout_has_its_format() -> None:
    assert FORMATS.keys() == {CsvLayout, JsonLayout, ColumnarLayout}
