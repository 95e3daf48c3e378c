"""Types that are presumed from objects written alike, so that not all of them are examined.

They are confirmed or corrected when the rows are written, so a wrong one costs only time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lake.columns.types import NOTHING, ColumnType
from lake.reading.layout import CsvLayout

_Header = tuple[str, str, str, tuple[str, ...]]


@dataclass
class _Seen:
    times: int
    types: list[ColumnType]


@dataclass
class Presumptions:
    """Presumptions for the objects of one folder, from those that one task has seen."""

    _by_header: dict[_Header, _Seen] = field(default_factory=dict)

    def types(self, layout: CsvLayout, look: Callable[[], list[ColumnType]]) -> list[ColumnType]:
        """Return the types to presume for an object.

        The first, second, fourth, eighth … of those with the same header is examined: often while
        little is known, seldom later.
        """
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
