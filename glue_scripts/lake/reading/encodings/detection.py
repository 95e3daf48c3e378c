"""Detection of the encoding of text that is not UTF-8, by its words, or refusal.

Each encoding makes other words of the same bytes. Their likelihood is rated by the letters that
languages have, by alphabets and cases that do not mix inside a word, and by signs that do not occur
inside one; a general detector (charset-normalizer) gives a second opinion. The best reading is
taken only if it is far more likely than any that differs: a single wrong word would be a value
changed in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from charset_normalizer import from_bytes

from lake.errors import InputRefused
from lake.reading.encodings.likelihood import Likelihood
from wires.contracts import EAST_ASIAN_ENCODINGS

_CANDIDATES = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("iso-8859-2", "iso-8859-5", "iso-8859-7", "iso-8859-9", "iso-8859-15", "koi8-r", "koi8-u"),
    *("mac-roman", "cp850", "cp437", "cp852", "cp866", "tis-620"),
    *("gb18030", "big5", "cp932", "euc-jp", "euc-kr"),
)
"""In order of preference among those that decode a text alike: iso-8859-1 is part of cp1252, gbk of
gb18030, shift_jis of cp932."""
_TOKEN = re.compile(rb"[0-9@-\xff]*[\x80-\xff][0-9@-\xff]*")
_NUMBER = re.compile(rb"[0-9]+")
_FEW, _MANY = 30, 400
_HOPELESS = 60.0
_SURE = 7.0
"""Natural logarithm of about a thousand: so many times more likely."""
_SURE_WITH_SECOND_OPINION = 5.5
_MORE_IN_PAIRS = 5.0
"""Additional margin for encodings in pairs of bytes, in which nearly all bytes mean something."""
_UNDECODABLE_BYTE = -8.0
_TOLERATED = 0.05
"""Share of words that may be damaged, and so not decode."""


@dataclass(frozen=True)
class _Read:
    """The words as decoded in one encoding, and their likelihood."""

    encoding: str
    words: tuple[str | None, ...]
    likelihood: float


def detect_encoding(lines: Iterable[bytes]) -> str:
    """Return the encoding of lines that are not UTF-8.

    Raises InputRefused, naming the candidates, if it is not clear.
    """
    tokens = _told_apart(token for line in lines for token in _TOKEN.findall(line))
    few = _ranked(tokens[:_FEW], _CANDIDATES)
    kept = [read.encoding for read in few if read.likelihood > few[0].likelihood - _HOPELESS]
    reads = _ranked(tokens[:_MANY], kept) if len(tokens) > _FEW else few
    best = reads[0]
    rivals = [read for read in reads if read.words != best.words]
    margin = best.likelihood - rivals[0].likelihood if rivals else 2 * _SURE
    if best.encoding in EAST_ASIAN_ENCODINGS:
        margin -= _MORE_IN_PAIRS
    if best.words.count(None) > _TOLERATED * len(tokens):
        raise InputRefused(_doubt(best, rivals))
    if margin >= _SURE or (margin >= _SURE_WITH_SECOND_OPINION and _is_seconded(tokens, best)):
        return best.encoding
    raise InputRefused(_doubt(best, rivals))


def _told_apart(tokens: Iterable[bytes]) -> list[bytes]:
    """Return each token once; tokens that differ only by numbers count as the same."""
    found: dict[bytes, bytes] = {}
    for token in tokens:
        found.setdefault(_NUMBER.sub(b"0", token), token)
    return list(found.values())


def _ranked(tokens: list[bytes], encodings: Iterable[str]) -> list[_Read]:
    reads = [_read(tokens, encoding) for encoding in encodings]
    return sorted(reads, key=lambda read: -read.likelihood)


def _read(tokens: list[bytes], encoding: str) -> _Read:
    words = tuple(_decoded(token, encoding) for token in tokens)
    likelihood = Likelihood(encoding)
    for word in words:
        if word is not None:
            likelihood.add(word)
    lost = sum(len(token) for token, word in zip(tokens, words, strict=True) if word is None)
    return _Read(encoding, words, likelihood.total + _UNDECODABLE_BYTE * lost)


def _decoded(token: bytes, encoding: str) -> str | None:
    try:
        return token.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_seconded(tokens: list[bytes], best: _Read) -> bool:
    """Whether the general detector reads the same words."""
    found = from_bytes(b"\n".join(tokens), cp_isolation=list(_CANDIDATES)).best()
    return found is not None and tuple(_decoded(t, found.encoding) for t in tokens) == best.words


def _doubt(best: _Read, rivals: list[_Read]) -> str:
    near = [best, *(r for r in rivals if r.likelihood > best.likelihood - _SURE)][:4]
    differing = next(
        (i for i, word in enumerate(best.words) if any(r.words[i] != word for r in near[1:])), 0
    )
    readable = [(r.words[differing], r.encoding) for r in near if r.words[differing] is not None]
    shown = " or ".join(f"'{word}' ({encoding})" for word, encoding in readable)
    told = f": it may say {shown}" if shown else ""
    return (
        f"the text is not UTF-8, and its encoding is not clear{told}. Save the file "
        "as UTF-8, or declare its encoding in the contract of the dataset (csv: encoding)"
    )
