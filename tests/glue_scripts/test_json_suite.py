"""Against the JSONTestSuite of Nicolas Seriot (MIT licence), where a copy of it is at hand:
LAKE_CORPORA is the folder that holds `json-test-suite/test_parsing`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lake.errors import InputRefused
from tests.glue_scripts.json_reads import Read, read

FOLDER = Path(os.environ.get("LAKE_CORPORA", "nowhere"), "json-test-suite", "test_parsing")
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="LAKE_CORPORA has no such suite")
GOOD = [b'{"the id": %d, "the name": "n%d"}' % (n, n) for n in range(6)]
ROWS = [{"the id": n, "the name": f"n{n}"} for n in range(6)]


def cases(*kinds: str) -> list[Path]:
    return [path for path in sorted(FOLDER.glob("*.json")) if path.name[0] in kinds]


def tried(text: bytes, name: str) -> Read | str:
    """What was read, or why nothing was."""
    try:
        return read(text, name=name)
    except InputRefused as refusal:
        return str(refusal)


def neighbours(found: Read) -> list[dict[str, object]]:
    return [
        {key: row[key] for key in ROWS[0]}
        for row in found.rows
        if all(row.get(key) is not None for key in ROWS[0])
    ]


@pytest.mark.parametrize("path", cases("n"), ids=lambda path: path.name)
def test_what_is_no_json_is_never_published(path: Path) -> None:
    text = path.read_bytes()
    found = tried(text, "x.json")
    if isinstance(found, Read):
        assert not found.rows
        assert found.bad or not text.strip(b"\xef\xbb\xbf ")
        assert all(bad.reason for bad in found.bad)
    else:
        assert "no JSON" in found or "the text" in found or "bracket" in found


@pytest.mark.parametrize("path", cases("y"), ids=lambda path: path.name)
def test_an_object_is_a_row_and_any_other_json_is_put_aside_as_what_it_is(path: Path) -> None:
    text = path.read_bytes()
    found = read(text, name="x.json")
    if "duplicated_key" in path.name:
        assert [reason for _, reason in found.reasons] == ["the key 'a' stands twice in one object"]
    elif text.lstrip()[:1] == b"{":
        assert len(found.rows) == 1
    else:
        assert len(found.rows) == text.count(b"{}")
        assert all("where an object is expected" in reason for _, reason in found.reasons)
        assert found.bad or text.strip() == b"[]"


@pytest.mark.parametrize("path", cases("y", "n", "i"), ids=lambda path: path.name)
def test_as_a_line_it_costs_itself_and_no_neighbour(path: Path) -> None:
    text = path.read_bytes()
    lines = [line for line in text.split(b"\n") if line.strip(b" \t\r")]
    for place in (1, 3, 6):
        found = read(b"\n".join([*GOOD[:place], text, *GOOD[place:]]), name="x.jsonl")
        assert neighbours(found) == ROWS
        assert len(found.rows) + len(found.bad) == len(GOOD) + len(lines)
        if path.name[0] == "n" and len(lines) == 1:
            assert len(found.rows) == len(GOOD)
            assert all(bad.reason for bad in found.bad)


@pytest.mark.parametrize("path", cases("y", "n", "i"), ids=lambda path: path.name)
def test_as_an_element_of_a_list_it_costs_itself_or_refuses_the_list(path: Path) -> None:
    text = path.read_bytes()
    for place in (0, 1, 3, 6):
        found = tried(b"[" + b",\n".join([*GOOD[:place], text, *GOOD[place:]]) + b"]", "")
        if isinstance(found, Read):
            assert neighbours(found) == ROWS
            if path.name[0] == "n" and text.strip() != b"" and not splits(text):
                assert len(found.rows) == len(GOOD)
        else:
            assert path.name[0] != "y"
            assert "line " in found


def splits(text: bytes) -> bool:
    """Whether what is no JSON becomes some between the commas of a list."""
    return text.count(b",") > 0
