"""A small upload whose values are all known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

CSV = (
    "code,amount,ordered_on,note\r\n"
    '007,12.50,2024-02-29,"one line\r\nand another, with ""quotes"""\r\n'
    "021,0.05,2024-12-31,größer\r\n"
    "100,-3.00,1999-01-01,\r\n"
).encode()

ROWS: Sequence[Mapping[str, object]] = (
    {
        "code": "007",
        "amount": Decimal("12.50"),
        "ordered_on": dt.date(2024, 2, 29),
        "note": 'one line\r\nand another, with "quotes"',
    },
    {
        "code": "021",
        "amount": Decimal("0.05"),
        "ordered_on": dt.date(2024, 12, 31),
        "note": "größer",
    },
    {"code": "100", "amount": Decimal("-3.00"), "ordered_on": dt.date(1999, 1, 1), "note": None},
)
"""Expected rows of the table: types inferred, leading zeros kept, empty as null."""


def differences(found: Sequence[Mapping[str, object]]) -> list[str]:
    """Return the differences from `ROWS`, ignoring the order of rows."""
    wanted = list(ROWS)
    if len(found) != len(wanted):
        return [f"{len(wanted)} rows were uploaded, {len(found)} are in the table"]
    ordered = sorted(found, key=lambda row: str(row.get("code")))
    return [
        f"{name} of row {number} is {row.get(name)!r}, expected {value!r}"
        for number, (row, expected) in enumerate(zip(ordered, wanted, strict=True), start=1)
        for name, value in expected.items()
        if (type(row.get(name)), row.get(name)) != (type(value), value)
    ]
