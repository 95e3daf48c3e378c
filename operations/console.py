"""Tables for people, as plain text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence, Set

from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDE = 100_000
"""Nothing is wrapped: lines are searched and piped."""


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Set[int] = frozenset()
) -> list[str]:
    """Return the lines of a table; columns at the places in `right` are numbers."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for place, name in enumerate(head):
        made.add_column(Text(name), justify="right" if place in right else "left", no_wrap=True)
    for row in rows:
        made.add_row(*map(Text, row))
    out = io.StringIO()
    Console(file=out, width=_WIDE, color_system=None, legacy_windows=False).print(made)
    return [line.rstrip() for line in out.getvalue().splitlines()]
