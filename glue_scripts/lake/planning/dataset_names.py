"""Names of datasets, also used for tables and folders: lower snake case, in ASCII. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from wires.column_names import WORD_BORDER, short_hash

_LONGEST = 100


@lru_cache(maxsize=10_000)
def snake_case(text: str, *, digit_prefix: str) -> str:
    """Return a name in ASCII snake case: `Order ID (€)` → `order_id`; "" if nothing is left.

    A name that would start with a digit gets `digit_prefix`; one that is too long is cut and gets a
    hash to stay unique.
    """
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    words = re.sub(r"[^A-Za-z0-9]+", "_", WORD_BORDER.sub("_", plain))
    name = words.strip("_").lower()
    if name[:1].isdigit():
        name = digit_prefix + name
    if len(name) > _LONGEST:
        name = f"{name[:_LONGEST]}_{short_hash(text)}"
    return name
