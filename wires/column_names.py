"""Column names of tables, derived from their names in the files, in any script. Pure.

A column's identity is its name as a file spells it, its *source name*. Its name in the table
follows from that alone: lower case, Unicode's letters and digits as they are, an underscore for the
rest. Where two source names of one table would give the same name, each that is not already spelled
that way gets a hash of its source name. So the names of a table depend on the set of its source
names only, not on files, positions, or the order in which they came.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import count

from wires.layout import QUARANTINE_KEYS

METADATA_COLUMNS = ("processed_at", "source_file", "processing_job", "load_id")
_TAKEN = frozenset((*QUARANTINE_KEYS, *METADATA_COLUMNS)) - {"dataset"}
_LONGEST_BYTES = 200
"""Glue allows 255 bytes; the rest leaves room for a hash."""
_AGAIN = "\N{SYMBOL FOR UNIT SEPARATOR}"
"""Separates a name that a header repeats from the number of its occurrence."""
WORD_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def source_names(header: Sequence[str | None]) -> list[str]:
    """Return one distinct source name per cell of a header.

    It is the cell, and for repeated cells after the first also the number of the occurrence.
    """
    seen: Counter[str] = Counter()
    names = []
    for cell in header:
        name = cell or ""
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}{_AGAIN}{seen[name]}")
    return names


@lru_cache(maxsize=100_000)
def column_name_of(source: str) -> str:
    """Return the column name for a source name that no other of its table resembles.

    `Größe (cm)` → `größe_cm`, `OrderID` → `order_id`, `名前` → `名前`.

    A name that would start with a digit gets the prefix `n_`, one that the platform uses itself the
    suffix `_in_file`. One without a letter or digit becomes `column_` and a hash, a blank one
    `unnamed`.
    """
    told, _, again = source.partition(_AGAIN)
    composed = unicodedata.normalize("NFC", WORD_BORDER.sub("_", told))
    lower = unicodedata.normalize("NFC", composed.lower())
    name = re.sub("_+", "_", "".join(c if _is_kept(c) else "_" for c in lower)).strip("_")
    name = _lead(name) if name else _nameless(told)
    if again:
        name = f"{name}_{again}"
    if name in _TAKEN:
        name = f"{name}_in_file"
    if len(name.encode()) > _LONGEST_BYTES:
        cut = name.encode()[:_LONGEST_BYTES].decode("utf-8", "ignore")
        name = f"{cut}_{short_hash(source)}"
    return name


def column_names(sources: Iterable[str]) -> dict[str, str]:
    """Return the name of each column of a table by its source name.

    Names that engines consider equal, ignoring case, count as the same.
    """
    plain = {source: column_name_of(source) for source in sources}
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for source, name in plain.items():
        alike[_folded(name)].append(source)
    if len(alike) == len(plain):
        return plain
    told_apart = {source for group in alike.values() for source in _less_like(group, plain)}
    given = {name for source, name in plain.items() if source not in told_apart}
    for source in sorted(told_apart):
        name = next(n for n in _hashed(plain[source], source) if n not in given)
        given.add(name)
        plain[source] = name
    return plain


def short_hash(text: str, digits: int = 6) -> str:
    """Return a hash as hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:digits]


def _is_kept(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNM" or char == "_"


def _lead(name: str) -> str:
    """Prefix a name that starts with a digit or a combining mark."""
    return name if unicodedata.category(name[0])[0] == "L" else f"n_{name}"


def _nameless(source: str) -> str:
    return f"column_{short_hash(source)}" if source.strip() else "unnamed"


def _folded(name: str) -> str:
    """Fold the case of a name as Spark compares names.

    Spark uses Java's comparison, which also compares upper case: `ı` equals `i`, `ς` equals `σ`.
    """
    return name.upper().casefold()


def _less_like(group: Sequence[str], plain: Mapping[str, str]) -> list[str]:
    """Return the sources that need a hash: all but one that is spelled as its column name."""
    if len(group) == 1:
        return []
    own = sorted(source for source in group if plain[source] == source)[:1]
    return [source for source in group if source not in own]


def _hashed(name: str, source: str) -> Iterable[str]:
    return (f"{name}_{short_hash(source, digits)}" for digits in count(6))
