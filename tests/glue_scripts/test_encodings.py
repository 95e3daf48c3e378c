"""Files in many encodings: read as they were written, or refused with what they may say."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from lake.reading.decoding import decodes
from tests.glue_scripts.languages import WRITTEN_IN, samples
from tests.glue_scripts.tables import Outcome, outcome
from wires.contracts import ENCODINGS, ONE_BYTE_ENCODINGS, CsvDemands
from wires.formats import Kind, detect

UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-le")
ALL = (*WRITTEN_IN, *UNICODE, "utf-32-be")


def dice(*of: object) -> random.Random:
    return random.Random(str(of))  # noqa: S311 - no secret


def rows_of(words: list[str]) -> list[tuple[str, str]]:
    return [(str(number), word) for number, word in enumerate(words)]


def table(words: list[str], encoding: str) -> bytes:
    lines = "".join(f"{number},{word}\n" for number, word in rows_of(words))
    return f"id,name\n{lines}".encode(encoding)


def is_right(found: Outcome, words: list[str]) -> bool:
    return found.rows == rows_of(words)


def read_in(encoding: str, count: int, tries: int) -> Counter[str]:
    """How often a file in an encoding is read rightly, wrongly, or refused."""
    found: Counter[str] = Counter()
    draw = dice(encoding, count)
    for _ in range(tries):
        for _, words in samples(encoding, count, draw):
            content = table(words, encoding)
            if decodes(content, "utf-8") and encoding != "iso-2022-jp":
                continue
            told = outcome(content)
            right = "right" if is_right(told, words) else "wrong"
            found["refused" if told.refused else right] += 1
    return found


@pytest.mark.parametrize("count", [1, 3, 10, 30])
@pytest.mark.parametrize("encoding", WRITTEN_IN)
@pytest.mark.few(58)
def test_a_text_is_never_published_as_another(encoding: str, count: int) -> None:
    found = read_in(encoding, count, tries=3)
    assert not found["wrong"], found
    if count == 30:
        assert found["refused"] <= 0.1 * found.total()


@pytest.mark.parametrize("count", [2, 5, 10, 30])
@pytest.mark.parametrize("encoding", [name for name in WRITTEN_IN if len(WRITTEN_IN[name]) > 1])
@pytest.mark.few(28)
def test_words_of_another_language_among_others_mislead_nobody(encoding: str, count: int) -> None:
    draw = dice(encoding, count, "mixed")
    for _ in range(3):
        spoken = list(samples(encoding, count, draw))
        for _, words in spoken:
            _, others = draw.choice(spoken)
            some = draw.sample(range(count), max(1, count // 5))
            mixed = [others[i] if i in some else word for i, word in enumerate(words)]
            found = outcome(table(mixed, encoding))
            assert found.refused or is_right(found, mixed), found.layout.encoding


@pytest.mark.parametrize("encoding", UNICODE)
def test_unicode_is_found_with_and_without_a_mark(encoding: str) -> None:
    for written in ("cp1252", "koi8-r", "euc-jp", "tis-620"):
        for _, words in samples(written, 10, dice(encoding, written)):
            content = table(words, encoding)
            assert is_right(outcome(content), words)
            assert detect(content).kind is Kind.TABULAR_TEXT


@pytest.mark.parametrize("encoding", [name for name in ENCODINGS if name in ALL])
def test_an_encoding_that_is_declared_is_taken(encoding: str) -> None:
    written = encoding if encoding in WRITTEN_IN else "cp1252"
    for _, words in samples(written, 3, dice(encoding)):
        found = outcome(table(words, encoding), CsvDemands(encoding=encoding))
        assert is_right(found, words)


def test_what_is_not_clear_is_refused_with_what_it_may_say() -> None:
    found = outcome("id,name\n1,Čapek\n".encode("cp1250"))
    assert "its encoding is not clear" in found.refused
    assert "'Čapek' (cp1250)" in found.refused
    assert "'Èapek' (cp1252)" in found.refused


def test_a_mark_that_speaks_against_the_contract_is_told() -> None:
    found = outcome("a,b\n1,é\n".encode("utf-16"), CsvDemands(encoding="cp1252"))
    assert "the byte order mark says utf-16-le" in found.refused


@pytest.mark.parametrize("encoding", ["cp1252", "cp1251", "cp1250", "iso-8859-7", "koi8-r"])
def test_a_row_in_another_encoding_than_its_file_is_put_aside(encoding: str) -> None:
    [(_, words), *_] = samples(encoding, 30, dice(encoding))
    words = [word for word in words if not word.isascii()][:20]
    of_file, stray = table(words, encoding), "99,café Größe\n"
    for content, own in (
        (of_file + stray.encode(), words),
        (table(words, "utf-8") + f"99,{words[0]}\n".encode(encoding), words),
    ):
        found = outcome(content)
        assert is_right(found, own)
        assert len(found.aside) == 1


def test_records_that_are_put_aside_show_the_text_that_was_meant() -> None:
    for encoding in ("cp1252", "cp1251", "euc-jp", "utf-16"):
        written = encoding if encoding in WRITTEN_IN else "cp1252"
        for _, words in samples(written, 30, dice(encoding)):
            content = f"Über {words[0]}" if encoding == "utf-16" else words[0]
            text = f"{content}\nid,name,n\n" + "".join(f"{n},{w},1\n" for n, w in rows_of(words))
            found = outcome((text + f"1,{words[1]}\n").encode(encoding))
            assert [raw for _, raw, _ in found.aside] == [content, f"1,{words[1]}"]


def test_ascii_is_the_same_in_all_that_are_cut_as_they_are() -> None:
    plain = bytes(range(128))
    assert all(plain.decode(name) == plain.decode("ascii") for name in ONE_BYTE_ENCODINGS)


def test_lines_that_end_with_cr_speak_for_themselves() -> None:
    """One bad line of three does not make the others another encoding's."""
    found = outcome("🍎\rw1\r".encode() + b"w2\xff\xfe\r")
    assert (found.header, found.rows) == (["🍎"], [("w1",)])
    assert len(found.aside) == 1


def test_a_doubt_shows_what_can_be_read_alone() -> None:
    refused = outcome(b"a\n\x96|\xbe\xa9 21000000 \xa4\xb5\xa4\xaf\xa4\xe9\n").refused
    assert "encoding is not clear" in refused
    assert "None" not in refused


def test_the_same_words_beside_other_numbers_say_nothing_more() -> None:
    """Two letters a hundred times over made Greek of a Polish and a Hungarian word."""
    lines = [f"Łódź {number} Žižkov őű|w1r{number}" for number in range(111)]
    text = "\n".join(["id|name", *lines, ""]).encode("iso-8859-2")
    found = outcome(text)
    assert found.refused
    assert "encoding is not clear" in found.refused
