"""The table that is judged, and the dataset that it refers to, as Parquet; made once."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.layers.quality import REFERENCE, TABLE

_VERSION = 1
_ROWS_PER_FILE = 1_000_000
CUSTOMERS = 500_000
_FIRST_DAY = 20_454
_COUNTRIES = "AT BE BR CA CH DE DK ES FI FR GB IE IT JP NL NO PL PT SE US"
COUNTRIES = tuple(_COUNTRIES.split())
CHANNELS = ("web", "app", "phone", "store")
STATES = ("new", "paid", "sent", "returned")


def prepare(rows: int, cache: Path) -> Path:
    """Return the folder of both, from the cache or made anew: about 20 s for 10 million rows."""
    home = cache / f"quality-v{_VERSION}-{rows}"
    # Customers are written last, so if they are there the files are complete.
    if not (home / REFERENCE).exists():
        shutil.rmtree(home, ignore_errors=True)
        (home / TABLE).mkdir(parents=True)
        for number, start in enumerate(range(0, rows, _ROWS_PER_FILE)):
            part = rows_from(start, min(_ROWS_PER_FILE, rows - start))
            pq.write_table(part, home / TABLE / f"part-{number:05d}.snappy.parquet")
        scratch = home / "writing"
        scratch.mkdir()
        pq.write_table(_customers(), scratch / "part-00000.snappy.parquet")
        scratch.rename(home / REFERENCE)
    return home


def rows_from(start: int, rows: int) -> pa.Table:
    """Return orders, numbered from `start`; `rules` knows what is wrong with them."""
    rng = np.random.default_rng([_VERSION, start])
    days = _FIRST_DAY + rng.integers(0, 365, rows)
    micros = days * 86_400_000_000 + rng.integers(0, 86_400_000_000, rows)
    customers = rng.integers(0, CUSTOMERS, rows)
    status = rng.choice(len(STATES), rows, p=[0.2, 0.3, 0.48, 0.02])
    returned = status == STATES.index("returned")
    cents = rng.integers(100, 200_000, rows) * np.where(returned, -1, 1)
    return pa.table(
        {
            "order_id": np.arange(start, start + rows),
            "customer_id": customers,
            "email": _sparse(rng, _numbered("customer", customers, "@example.com"), 0.05),
            "ordered_on": pa.array(days.astype(np.int32)).cast(pa.date32()),
            "updated_at": pa.array(micros).cast(pa.timestamp("us", tz="UTC")),
            "country": _named(COUNTRIES, rng.integers(0, len(COUNTRIES), rows)),
            "postal_code": _postal_codes(rng.integers(501, 99_951, rows)),
            "channel": _named(CHANNELS, rng.integers(0, len(CHANNELS), rows)),
            "status": _named(STATES, status),
            "quantity": rng.integers(1, 50, rows),
            "amount": _euros(cents),
            "discount": rng.integers(0, 40, rows) / 100,
            "rating": _sparse(rng, pa.array(rng.integers(1, 6, rows)), 0.2),
        }
    )


def _customers() -> pa.Table:
    return pa.table({"customer_id": np.arange(CUSTOMERS)})


def _named(names: Sequence[str], positions: np.ndarray) -> pa.Array:
    return pa.array(names).take(pa.array(positions))


def _numbered(before: str, numbers: np.ndarray, behind: str) -> pa.Array:
    spelled = pa.array(numbers).cast(pa.string())
    return pc.binary_join_element_wise(before, spelled, behind, "")


def _postal_codes(numbers: np.ndarray) -> pa.Array:
    return pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width=5, padding="0")


def _sparse(rng: np.random.Generator, values: pa.Array, share: float) -> pa.Array:
    """Return values with this share of nulls."""
    return pc.if_else(pa.array(rng.random(len(values)) < share), None, values)


def _euros(cents: np.ndarray) -> pa.Array:
    words = np.stack([cents, cents >> 63], axis=1)
    buffers = [None, pa.py_buffer(words.tobytes())]
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), buffers)
