from __future__ import annotations

import gzip

import pytest

from wires.formats import Kind, detect

MEANT_TO_BE_JSON = [
    b'{"id": 1}\n{"id": 2}\n',
    b"{'id': 1}\n{'id': 2}\n",
    b"{id: 1}\n{id: 2}\n",
    b'{id: 1, "x": 2}',
    b"{",
    b"{}",
    b"{]",
    b'{"a" 1}',
    b'\n\n  {"id": 1}',
    b'{"id": 1},\n{"id": 2},\n',
    b"[",
    b"[]",
    b'[{"id": 1}, {"id": 2},]',
    b'[{"id": 1}, // the first\n {"id": 2}]',
    b"[// a comment\n1]",
    b"[NaN, 1]",
    b"[nul]",
    b"['a']",
    b"[,1]",
    b"[1, 2",
    b"[+1]",
    b"[-",
    b'[{"id": 1}, {"id"',
    b'// exported today\n{"id": 1}\n',
    b'/* exported\n today */ [{"id": 1}]',
    b'# exported today\n{"id": 1}\n',
    b'null\n{"id": 1}\n{"id": 2}\n',
    b'42\n{"id": 1}\n',
    b'id\n{"id": 1}\n{"id": 2}\n',
    b'2026-01-15 10:00:00,123 INFO {"id": 1}\n2026-01-15 10:00:01,123 INFO {"id": 2}\n',
    b'[INFO] {"id": 1}\n[WARN] {"id": 2}\n',
    b'[2026-01-15 10:00:00] {"id": 1}\n[2026-01-15 10:00:01] {"id": 2}\n',
    b'data: {"id": 1}\n\ndata: {"id": 2}\n',
    b'callback({"id": 1});',
    b'var rows = {"id": 1};\n',
    b'\xef\xbb\xbf{"id": 1}\n',
]
TABLES = [
    b"a,b\n1,2\n",
    b"[name],b\n1,2\n",
    b"[id]\n1\n2\n",
    b"[order id];[total]\n1;2\n",
    b"{x,y\n1,2\n",
    b"{x},{y}\n1,2\n",
    b"{6F9619FF-8B86-D011-B42D-00CF4FC964FF},x\n{6F9619FF-8B86-D011-B42D-00CF4FC964F0},y\n",
    b"guid;n\n{6F9619FF-8B86-D011-B42D-00CF4FC964FF};1\n",
    b'id,doc\n1,"{""a"": 1}"\n2,"{""a"": 2}"\n',
    b'id\tdoc\n1\t{"a": 1}\n2\t{"a": 2}\n',
    b'1\t{"a": 1}\n2\t{"a": 2}\n',
    b'1;{"a": 1}\n2;{"a": 2}\n',
    b"1| {'a': 1}\n2| {'a': 2}\n",
    b'id,doc\n1,"{\n  ""a"": 1\n}"\n',
    b"[INFO],2026,started\n[WARN],2026,stopped\n",
    b"[01/Jan/2026:00:00:00 +0000],GET,/\n",
    b"# a comment\na,b\n1,2\n",
    b"null\n1\n2\n",
    b"text {with} brackets,b\n1,2\n",
    b"",
]


@pytest.mark.parametrize("head", MEANT_TO_BE_JSON)
def test_what_is_meant_to_be_json_is_told_by_its_start_however_broken(head: bytes) -> None:
    assert detect(head).name.startswith("JSON")
    assert detect(gzip.compress(head)).name.startswith("JSON")
    assert detect(head, "table.csv").name.startswith("JSON")


@pytest.mark.parametrize("head", TABLES)
def test_brackets_in_a_table_do_not_make_it_json(head: bytes) -> None:
    assert detect(head).kind is Kind.TABULAR_TEXT


@pytest.mark.parametrize(
    "name",
    ["x.json", "X.JSON", "a/b.jsonl", "x.ndjson.gz", "x.json.bz2", "x.geojson", "x.json.zst"],
)
def test_any_text_that_is_called_json_is_meant_to_be_that(name: str) -> None:
    for head in (b"abc", b"a,b\n1,2\n", b'"asd"', b"\xe5", gzip.compress(b"123")):
        assert detect(head, name).name.startswith("JSON")
    assert detect(b"PAR1\x15\x04", name).name == "Parquet"
    assert detect(b"\x89PNG\r\n\x1a\n", name).kind is Kind.NOT_DATA


@pytest.mark.parametrize("name", ["", "x.csv", "json", "x.json.csv", "x.json/part-0"])
def test_any_other_name_says_nothing(name: str) -> None:
    assert detect(b"a,b\n1,2\n", name).kind is Kind.TABULAR_TEXT
