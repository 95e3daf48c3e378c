"""Names of columns in several scripts, some of which become equal once they are cleaned."""

from __future__ import annotations

from random import Random

_PLAIN = ("id", "name", "amount", "city", "day", "note", "region", "q1", "price", "state")
_SPACED = ("Order ID (€)", "First Name", "unit-price", "a.b.c", "2024 Q1", "100%", "x/y", "N°")
_SCRIPTS = (
    ("名前", "都市", "価格", "住所", "メモ"),
    ("имя", "город", "Цена", "адрес", "дата"),
    ("όνομα", "Πόλη", "τιμή", "διεύθυνση", "ημέρα"),
    ("😀", "🍎", "👩‍🚀", "❤", "🚀🚀"),
    ("naïve", "Größe", "Straße", "prénom", "año"),
    ("שם", "עיר", "اسم", "이름", "नाम"),
    ("€", "%", "#", "?", "&"),
)
_MEETING = (
    ("Id", "id"),
    ("ID", "Id", "id"),
    ("a.b", "a_b", "a b"),
    ("a", "a "),
    ("Amount", "amount"),
    ("straße", "strasse"),
    ("year", "Year", "load_id"),
    ("ünit", "unit"),
    ("x1", "x 1", "x-1"),
    ("é", "e"),
    ("column_1", "名前", "column_2"),
)
_AVRO = ("id", "name", "Name", "amount", "a_b", "aB", "day", "year", "Load_Id", "_x")


def names(random: Random, count: int, *, ascii_words: bool = False) -> list[str]:
    """Return so many different names, of one sort or mixed. Avro demands `ascii_words`."""
    if ascii_words:
        return random.sample(_AVRO, min(count, len(_AVRO)))
    sorts = [_PLAIN, _PLAIN, _SPACED, random.choice(_SCRIPTS), random.choice(_MEETING)]
    pool = list(dict.fromkeys((*random.choice(sorts), *random.choice(sorts), *_PLAIN)))
    head = pool[: max(count, 2)]
    random.shuffle(head)
    return head[:count]
