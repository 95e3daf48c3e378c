"""Likelihood of decoded text: the better the encoding fits, the higher."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache

from lake.reading.encodings.alphabets import DOTTED_I, UNKNOWN, frequent, languages

_WESTERN_SHARE = -2.0
"""For each letter beyond ASCII in languages that mostly do without such letters."""
_MIXED_ALPHABETS = -8.0
_MIXED_CASES = -6.0
_CAPITAL = -1.0
_COMMON_SIGN, _OTHER_SIGN, _SIGN_INSIDE_WORD = -4.5, -9.0, -8.0
_SIGN_BEFORE_WORD = -6.0
_HARD_TO_SAY = -2.0
_CONTROL = -20.0
_COMMON_SIGNS = frozenset("“”„‘’‚–—…«»°§€£©®™•²³½¼¡¿º·、。「」，：（）・")
_MAY_OPEN = frozenset("“”„‘’‚«»‹›¿¡–—•·…°'-")
"""Signs that a word may follow without a space."""
_APOSTROPHES = frozenset("’·'-")
_SYLLABIC = "ĺŕ"
_WESTERN = ("LATIN", "CYRILLIC", "GREEK")
_KANA, _FREQUENT, _USUAL, _RARE, _FOREIGN = -4.2, -4.6, -8.3, -13.0, -13.0
_USUAL_LEADS = {
    "gb18030": ("gb2312", range(0xB0, 0xD8)),
    "big5": ("big5", range(0xA4, 0xC7)),
    "cp932": ("euc-jp", range(0xB0, 0xD0)),
    "euc-jp": ("euc-jp", range(0xB0, 0xD0)),
    "euc-kr": ("euc-kr", range(0xB0, 0xC9)),
}
_SPOKEN = {"gb18030": "Chinese", "big5": "Chinese", "euc-kr": "Korean"}


class Likelihood:
    """Collects the words that an encoding makes, and gives the logarithm of their likelihood."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._letters: Counter[str] = Counter()
        self._rest = 0.0

    @property
    def total(self) -> float:
        """The logarithm, with letters rated by the language in which they are most likely."""
        best = max(
            (
                sum(times * known.get(a, UNKNOWN) for a, times in self._letters.items())
                for known in languages().values()
            ),
            default=0.0,
        )
        return best + self._rest

    def add(self, word: str) -> None:
        for i, char in enumerate(word):
            if not char.isascii():
                before, after = word[i - 1 : i], word[i + 1 : i + 2]
                self._rest += self._judged(char, before, after)

    def _judged(self, char: str, before: str, after: str) -> float:
        alphabet = alphabet_of(char)
        if alphabet in ("CJK", "HANGUL", "HIRAGANA", "KATAKANA"):
            inside = before.isascii() and before.islower() and after.isascii() and after.islower()
            found = _MIXED_ALPHABETS if inside else 0.0
            return found + _east_asian(char, alphabet, self._encoding)
        if alphabet == "HALFWIDTH":
            return -7.0
        if not alphabet:
            return _sign(char, before, after)
        self._letters[char.lower() if alphabet != "LATIN" else _lower(char)] += 1
        return _letter(char, alphabet, before, after)


def _lower(char: str) -> str:
    return DOTTED_I if char == "İ" else char.lower()


@lru_cache(maxsize=100_000)
def alphabet_of(char: str) -> str:
    """Return the first word of a letter's name in Unicode; "" for other characters."""
    if char.isascii():
        return "LATIN" if char.isalpha() else ""
    category = unicodedata.category(char)
    if category[0] not in "LM" or char in "ªº":
        return ""
    name = unicodedata.name(char, "")
    return "" if name.startswith("MODIFIER") else name.replace("-", " ").split(" ")[0]


def _letter(char: str, alphabet: str, before: str, after: str) -> float:
    found = _WESTERN_SHARE if alphabet == "LATIN" else 0.0
    for neighbour in (before, after):
        other = alphabet_of(neighbour) if neighbour else ""
        if other and other != alphabet:
            found += _MIXED_ALPHABETS
    found += _case(char, before, after)
    if alphabet == "LATIN" and before.isalpha() and after.isalpha():
        own = _is_vowel(char)
        if own == _is_vowel(before) == _is_vowel(after):
            found += _HARD_TO_SAY
        if char in "ñń" and _is_vowel(after) != (char == "ñ"):
            found += 2 * _HARD_TO_SAY
    return found


def _case(char: str, before: str, after: str) -> float:
    """Rate a letter's case: capitals begin words, or make up the whole word."""
    if not char.isupper():
        alone = before.isupper() and after.isupper() and char != "ß"
        return _MIXED_CASES / 2 if alone else 0.0
    if before.islower():
        return _CAPITAL + _MIXED_CASES
    return _CAPITAL + (_MIXED_CASES / 2 if before.isupper() and after.islower() else 0.0)


@lru_cache(maxsize=10_000)
def _is_vowel(char: str) -> bool:
    return char in _SYLLABIC or unicodedata.normalize("NFD", char.lower())[0] in "aeiouyøæœı"


def _sign(char: str, before: str, after: str) -> float:
    category = unicodedata.category(char)
    if category in ("Cc", "Cn", "Co", "Cs"):
        return _CONTROL
    if category == "Zs":
        return _COMMON_SIGN
    inside = before.isalpha() and after.isalpha() and char not in _APOSTROPHES
    known = _COMMON_SIGN if char in _COMMON_SIGNS else _OTHER_SIGN
    if before.isalpha() and char in "£©®«¼½¿¡“„":
        known += _HARD_TO_SAY
    if after.isalpha() and char not in _MAY_OPEN:
        known += _SIGN_BEFORE_WORD
    return known + (_SIGN_INSIDE_WORD if inside else 0.0)


@lru_cache(maxsize=100_000)
def _east_asian(char: str, alphabet: str, encoding: str) -> float:
    spoken = _SPOKEN.get(encoding, "Japanese")
    if alphabet in ("HIRAGANA", "KATAKANA"):
        return _KANA if spoken == "Japanese" else _FOREIGN
    if (alphabet == "HANGUL") != (spoken == "Korean"):
        return _FOREIGN
    if char in frequent(spoken):
        return _FREQUENT + (1.0 if spoken == "Korean" else 0.0)
    coded, usual = _USUAL_LEADS.get(encoding, ("gb2312", range(0)))
    spelled = char.encode(coded, "ignore")
    return (
        (-7.5 if spoken == "Korean" else _USUAL) if spelled[:1] and spelled[0] in usual else _RARE
    )
