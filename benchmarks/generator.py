"""Orders that look like a company's: drawn column by column, written as CSV text.

The same version, variant and position always give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.columns import COLUMNS

GENERATOR_VERSION = 1
"""Increased with each change of what is generated, so that no stale files are measured."""
CHUNK_ROWS = 50_000
_FIRST_ORDER = 100_000_000
_DAY_2020 = 18_262
_DAYS = 2_400
_QUOTED_SHARE = 0.2

_CITIES = (
    "Amsterdam|Berlin|Bogotá|Boston|Chicago|Denver|Dublin|Genève|Hamburg|Helsinki|Kraków|Lisboa|"
    "London|Lyon|Łódź|Madrid|Málaga|Milano|München|Nashville|New York|Oslo|Paris|Praha|Roma|"
    "San José|São Paulo|Stockholm|Tokyo 東京|Toronto|Wien|Zürich"
)
_COUNTRIES = "AT|BR|CA|CH|CO|CZ|DE|ES|FI|FR|GB|IE|IT|JP|NL|NO|PL|PT|SE|US"
_CHANNELS = "web|app|phone|store|partner|market place"
_WORDS = (
    "order was left with the neighbour because nobody came to the door and parcel seemed fine "
    "please deliver after five gift wrapping customer asked twice about colour blue green large "
    "small steel oak linen cotton lamp table chair shelf box garden kitchen travel café naïve"
)


@dataclass(frozen=True)
class Chunk:
    """Consecutive orders: the values, and the text of each row."""

    values: pa.Table
    cells: dict[str, pa.Array]
    """Each column as it is written, with quotes where it needs them."""

    def lines(self, order: Sequence[str]) -> pa.Array:
        """Return the rows as CSV text, line ends included, with the columns in this order."""
        rows = pc.binary_join_element_wise(*(self.cells[name] for name in order), ",")
        return pc.binary_join_element_wise(rows, "", "\n")


def chunks(*, quoted: bool) -> Iterator[Chunk]:
    """Yield orders without end. `quoted` puts line ends and delimiters into a fifth of the rows."""
    position = 0
    while True:
        yield chunk(position, quoted=quoted)
        position += 1


def chunk(position: int, *, quoted: bool) -> Chunk:
    """Return the chunk at this position."""
    rng = np.random.default_rng([GENERATOR_VERSION, position])
    values = _values(rng, _FIRST_ORDER + position * CHUNK_ROWS)
    if quoted:
        values |= _with_quotes(rng, values)
    table = pa.table({name: values[name] for name in COLUMNS})
    return Chunk(table, {name: _cell(values[name], quoted=quoted) for name in COLUMNS})


def header(order: Sequence[str]) -> bytes:
    return (",".join(order) + "\n").encode()


def text_of(lines: pa.Array) -> memoryview:
    """Return the bytes of consecutive lines. They lie side by side, so nothing is copied."""
    _, offsets_buffer, data = lines.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int32)
    return memoryview(data)[offsets[lines.offset] : offsets[lines.offset + len(lines)]]


def _values(rng: np.random.Generator, first_order: int) -> dict[str, pa.Array]:
    orders = pa.array(np.arange(first_order, first_order + CHUNK_ROWS))
    ordered = rng.integers(_DAY_2020, _DAY_2020 + _DAYS, CHUNK_ROWS)
    seconds = ordered * 86_400 + rng.integers(0, 86_400, CHUNK_ROWS)
    micros = seconds * 1_000_000 + rng.integers(0, 86_400_000_000, CHUNK_ROWS)
    delivered = ordered + rng.integers(1, 20, CHUNK_ROWS)
    return {
        "order_id": orders,
        "customer_code": _padded(rng, 0, 10_000_000, digits=8),
        "country": _drawn(rng, _pool(_COUNTRIES)),
        "city": _drawn(rng, _pool(_CITIES)),
        "postal_code": _padded(rng, 501, 99_951, digits=5),
        "phone": _joined("+49 30 ", _padded(rng, 0, 10_000_000, digits=7)),
        "channel": _drawn(rng, _pool(_CHANNELS)),
        "sku": _joined("AB-", _padded(rng, 0, 100_000, digits=5), "-X"),
        "title": _drawn(rng, _phrases(3, 9)),
        "quantity": _sparse(rng, pa.array(rng.integers(1, 500, CHUNK_ROWS)), 0.03),
        "rating": _sparse(rng, pa.array(rng.integers(1, 6, CHUNK_ROWS)), 0.2),
        "unit_price": _decimals(rng, 50, 100_000, scale=2),
        "discount": _sparse(rng, _decimals(rng, 0, 4_000, scale=4), 0.15),
        "amount": _decimals(rng, -500_000, 40_000_000, scale=2),
        "weight_kg": _decimals(rng, 1, 90_000, scale=3),
        "ordered_on": pa.array(ordered.astype(np.int32)).cast(pa.date32()),
        "delivered_on": _sparse(rng, pa.array(delivered.astype(np.int32)).cast(pa.date32()), 0.1),
        "created_at": pa.array(seconds).cast(pa.timestamp("s")),
        "updated_at": pa.array(micros).cast(pa.timestamp("us", tz="UTC")),
        "is_gift": pa.array(rng.random(CHUNK_ROWS) < 0.1),
        "is_paid": _sparse(rng, pa.array(rng.random(CHUNK_ROWS) < 0.9), 0.05),
        "note": _sparse(rng, _notes(rng, orders), 0.4),
    }


def _with_quotes(rng: np.random.Generator, values: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """Put two-line notes into a fifth of the rows, and a comma into half of their titles."""
    draw = rng.random(CHUNK_ROWS)
    here, title_too = pa.array(draw < _QUOTED_SHARE), pa.array(draw < _QUOTED_SHARE / 2)
    word = pc.if_else(pa.array(draw < _QUOTED_SHARE / 10), '"fragile"', "fragile")
    first, second = _drawn(rng, _phrases(4, 20)), _drawn(rng, _phrases(4, 20))
    note = _joined(first, ", ", word, "\n", second)
    title = _joined(values["title"], ", ", values["channel"])
    return {
        "note": pc.if_else(here, note, values["note"]),
        "title": pc.if_else(title_too, title, values["title"]),
    }


def _cell(values: pa.Array, *, quoted: bool) -> pa.Array:
    if pa.types.is_timestamp(values.type):
        naive = values.cast(pa.timestamp(values.type.unit)).cast(pa.string())
        text = pc.utf8_replace_slice(naive, start=10, stop=11, replacement="T")
        text = _joined(text, "Z") if values.type.tz else text
    elif quoted and pa.types.is_string(values.type):
        doubled = pc.replace_substring(values, '"', '""')
        needed = pc.match_substring_regex(values, '[,"\\n]')
        text = pc.if_else(needed, _joined('"', doubled, '"'), values)
    else:
        text = values.cast(pa.string())
    return pc.fill_null(text, "")


def _pool(names: str) -> pa.Array:
    return pa.array(names.split("|"))


@cache
def _phrases(shortest: int, longest: int) -> pa.Array:
    """Return a few thousand different phrases, always the same."""
    rng = np.random.default_rng([GENERATOR_VERSION, shortest, longest])
    words = _WORDS.split()
    lengths = rng.integers(shortest, longest + 1, 4096)
    return pa.array([" ".join(rng.choice(words, int(length))) for length in lengths])


def _notes(rng: np.random.Generator, orders: pa.Array) -> pa.Array:
    """Return notes that are all different, as free text is."""
    return _joined(_drawn(rng, _phrases(4, 45)), " #", orders.cast(pa.string()))


def _drawn(rng: np.random.Generator, pool: pa.Array) -> pa.Array:
    return pool.take(pa.array(rng.integers(0, len(pool), CHUNK_ROWS)))


def _padded(rng: np.random.Generator, low: int, high: int, *, digits: int) -> pa.Array:
    numbers = pa.array(rng.integers(low, high, CHUNK_ROWS)).cast(pa.string())
    return pc.utf8_lpad(numbers, width=digits, padding="0")


def _decimals(rng: np.random.Generator, low: int, high: int, *, scale: int) -> pa.Array:
    unscaled = rng.integers(low, high, CHUNK_ROWS)
    words = np.stack([unscaled, unscaled >> 63], axis=1)
    buffers = [None, pa.py_buffer(words.tobytes())]
    return pa.Array.from_buffers(pa.decimal128(12, scale), CHUNK_ROWS, buffers)


def _sparse(rng: np.random.Generator, values: pa.Array, share: float) -> pa.Array:
    """Return values with this share of nulls."""
    return pc.if_else(pa.array(rng.random(CHUNK_ROWS) < share), None, values)


def _joined(*parts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")
