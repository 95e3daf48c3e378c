"""SQL-safe names: lower snake case, in ASCII. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache

PARTITION_KEYS = ("year", "month", "day", "load")
METADATA_COLUMNS = ("processed_at", "source_file", "processing_job", "load_id")
_TAKEN = frozenset(PARTITION_KEYS + METADATA_COLUMNS)
_LONGEST = 100
_WORD_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@lru_cache(maxsize=10_000)
def snake_case(text: str, *, digit_prefix: str) -> str:
    """`Order ID (€)` → `order_id`; "" where no letter or digit is left.

    A name that would start with a digit gets `digit_prefix`; one that is too long is cut
    and told apart by a hash.
    """
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    words = re.sub(r"[^A-Za-z0-9]+", "_", _WORD_BORDER.sub("_", plain))
    name = words.strip("_").lower()
    if name[:1].isdigit():
        name = digit_prefix + name
    if len(name) > _LONGEST:
        name = f"{name[:_LONGEST]}_{short_hash(text)}"
    return name


def column_names(header: Sequence[str | None]) -> list[str]:
    """One distinct name per header cell. The rule does not depend on the columns' order:

    - a blank cell, or one without letters and digits, becomes `column_<position>`;
    - a name that the platform uses itself gets `_in_file`;
    - the same cell twice: the later ones get `_2`, `_3` …;
    - different cells with one name: each that is not spelled like it gets a hash of its own.
    """
    cells = [(cell or "").strip() for cell in header]
    names = [_column_name(cell, position) for position, cell in enumerate(cells, start=1)]
    spellings: defaultdict[str, set[str]] = defaultdict(set)
    for cell, name in zip(cells, names, strict=True):
        spellings[name].add(cell)
    told_apart = [
        f"{name}_{short_hash(cell)}" if len(spellings[name]) > 1 and cell != name else name
        for cell, name in zip(cells, names, strict=True)
    ]
    return _numbered(told_apart)


def short_hash(text: str) -> str:
    """Six hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]


def _column_name(cell: str, position: int) -> str:
    name = snake_case(cell, digit_prefix="n_")
    if not name:
        return f"column_{position}"
    return f"{name}_in_file" if name in _TAKEN else name


def _numbered(names: Sequence[str]) -> list[str]:
    taken = set(names)
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        candidate = name
        while seen[name] > 1 and candidate in taken:
            candidate = f"{name}_{seen[name]}"
            seen[name] += candidate in taken
        taken.add(candidate)
        numbered.append(candidate)
    return numbered
