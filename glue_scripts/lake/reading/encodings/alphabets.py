"""Frequencies of letters in the languages whose texts are recognized by their encoding.

Letters beyond ASCII are in order, the most frequent first; these orders are common knowledge. How
much more frequent one letter is than the next is taken from Zipf's law, which is near enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from math import log

from charset_normalizer.constant import FREQUENCIES

DOTTED_I = "i"
"""Stands for `İ`, which is not the capital of any letter beyond ASCII."""
_LATIN: Mapping[str, str] = {
    "German": "üäöß",
    "French": "éèàêçôîûùëïâœ",
    "Spanish": "óíáéñúü",
    "Catalan": "àéèóíòçúïü",
    "Portuguese": "ãçáéóíêõúâàô",
    "Italian": "àèòùìé",
    "Dutch": "ëéïöüè",
    "Swedish": "äåöé",
    "Danish, Norwegian": "åøæéò",
    "Finnish": "äöå",
    "Icelandic": "íáðóéþöúæý",
    "Estonian": "äõüöšž",
    "Polish": "łąężóśćńź",
    "Czech": "íáéěřščžýůúťňďó",
    "Slovak": "áíéčýžľšúťôóňäďĺŕ",
    "Hungarian": "áéöíóőüúű",
    "Romanian": "ăîţşâșț",
    "Croatian, Slovene": "čšžćđ",
    "Turkish": f"ıüşğçö{DOTTED_I}âî",
    "Lithuanian": "ėšžųįčūąę",
    "Latvian": "āīēšūņļžķģč",
}
_UNIONS: Mapping[str, tuple[str, ...]] = {
    "Western European": (
        *("German", "French", "Spanish", "Portuguese", "Italian", "Dutch", "Swedish"),
        *("Danish, Norwegian", "Finnish"),
    ),
    "Central European": (
        *("German", "Polish", "Czech", "Slovak", "Hungarian", "Romanian", "Croatian, Slovene"),
    ),
    "Baltic": ("German", "Estonian", "Lithuanian", "Latvian"),
}
_OTHER: Mapping[str, str] = {
    "Russian": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
    "Ukrainian": "оанівиетрслкдмупзяьгбчхжйцшюєїщфґ",
    "Bulgarian": "аиоетнрсвлпкдмзъугябчйщцжхшюфь",
    "Serbian": "аоиенрстјвкупдмлзгбчшцћжњхљфђџ",
    "Greek": "αοιτεσνρηυπκμλςίόθάδγέήωχύβώφξζψϊϋΐΰ",
    "Hebrew": "יוהלארתבשמםןנדקצפחעגכטזסךףץ",
    "Arabic": "اليمنوترهبعدسفةكقحجشصأطىخضزثءغذئظإؤآ",
    "Persian": "ایرندمهوتبسشکزگفخقعجحلآپصچطئژضظغذثأ",
    "Thai": "านรอกเงมยลวดทสตะปบคหแจพชขใไโผซธภศญณ่้ิีัาำุูึื็์ๆ๊๋ฟฝถฉฐฮษฎฏฑฒฬฤฆฌ",
}
_TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡"
    "用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實"
)
_UNION_COST = 1.5
_BORROWED = -3.5
"""About one letter in thirty may be from another language's words."""
_GROUPS = (
    (*_LATIN, *_UNIONS),
    ("Russian", "Ukrainian", "Bulgarian", "Serbian"),
    ("Arabic", "Persian"),
)
"""Languages that write with the same letters."""
UNKNOWN = -11.0
"""For a letter that no language with the same alphabet has."""


@cache
def languages() -> Mapping[str, Mapping[str, float]]:
    """Return for each language the logarithm of the share of each letter beyond ASCII.

    The shares are of such letters in its texts, which contain words of other languages, too: names
    above all.
    """
    found = {name: _weights(letters) for name, letters in (*_LATIN.items(), *_OTHER.items())}
    for name, parts in _UNIONS.items():
        letters = {letter for part in parts for letter in _LATIN[part]}
        best = {a: max(found[part].get(a, UNKNOWN) for part in parts) for a in letters}
        found[name] = {letter: weight - _UNION_COST for letter, weight in best.items()}
    for group in _GROUPS:
        borrowed = _best_of(found[name] for name in group)
        lent = {letter: _BORROWED + weight for letter, weight in borrowed.items()}
        found |= {name: _best_of((found[name], lent)) for name in group}
    return found


def _best_of(known: Iterable[Mapping[str, float]]) -> dict[str, float]:
    best: dict[str, float] = {}
    for weights in known:
        best |= {a: max(weight, best.get(a, weight)) for a, weight in weights.items()}
    return best


@cache
def frequent(language: str) -> frozenset[str]:
    """Return the most frequent characters of a language that has thousands."""
    lists = (letters for name, letters in FREQUENCIES.items() if name.rstrip("—") == language)
    more = _TRADITIONAL if language == "Chinese" else ""
    return frozenset(char for letters in (*lists, more) for char in letters)


def _weights(letters: str) -> dict[str, float]:
    shares = [1 / (rank + 1.5) for rank in range(len(letters))]
    total = sum(shares)
    return {a: log(share / total) for a, share in zip(letters, shares, strict=True)}
