"""What the first rows of objects that are written alike have shown: not every one's are looked at.

Types are presumed from it, and confirmed or corrected where the rows are written; so what is
presumed wrongly costs time, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lake.column_types import NOTHING, ColumnType
from lake.layout import Layout

_Header = tuple[str, str, str, tuple[str, ...]]


@dataclass
class _Seen:
    times: int
    types: list[ColumnType]


@dataclass
class Presumptions:
    """Of the objects of one folder, as far as one task has seen them."""

    _by_header: dict[_Header, _Seen] = field(default_factory=dict)

    def types(self, layout: Layout, look: Callable[[], list[ColumnType]]) -> list[ColumnType]:
        """The types to presume for an object. The first, second, fourth, eighth … of those with the
        same header is looked at: often while little is known, seldom later."""
        key = (layout.header, layout.delimiter, layout.encoding, layout.fields)
        seen = self._by_header.get(key)
        if seen is None:
            self._by_header[key] = _Seen(1, look())
            return list(self._by_header[key].types)
        seen.times += 1
        known = any(kind != NOTHING for kind in seen.types)
        if not known or not seen.times & (seen.times - 1):
            seen.types = [a.join(b) for a, b in zip(seen.types, look(), strict=True)]
        return list(seen.types)
