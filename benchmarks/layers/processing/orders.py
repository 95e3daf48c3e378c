"""Orders as they come in day by day: new ones, late ones, changes, and old versions once more.

The generator keeps the last state of every order, so it knows what the table has to hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
CUSTOMERS = 50_000
_COUNTRIES = "AT BE BR CA CH DE DK ES FI FR GB IE IT JP NL NO PL PT SE US"
COUNTRIES = tuple(_COUNTRIES.split())
CHANNELS = ("app", "partner", "phone", "store", "web")
STATES = ("new", "paid", "sent", "returned")
FIRST_DAY = 20_454
"""2026-01-01, in days since 1970."""
_SEED = 1
_CHANGED_SHARE = 0.08
_STALE_SHARE = 0.02
_LATE_SHARE = 0.03
_MOVED_SHARE = 0.01
_RECENT_DAYS = 7
_DAY_MICROS = 86_400_000_000


@dataclass(frozen=True, kw_only=True)
class Orders:
    """Columns of whole numbers, all of one length."""

    order_id: Numbers
    customer_id: Numbers
    day: Numbers
    """Day of the order, in days since 1970."""
    channel: Numbers
    """Position among the channels; likewise for `status`."""
    status: Numbers
    quantity: Numbers
    cents: Numbers
    updated: Numbers
    """Microseconds since 1970."""

    def take(self, places: Numbers) -> Orders:
        return Orders(**{f.name: getattr(self, f.name)[places] for f in fields(self)})

    def then(self, *others: Orders) -> Orders:
        """Return these orders, followed by the others."""
        whole = (self, *others)
        return Orders(
            **{f.name: np.concatenate([getattr(o, f.name) for o in whole]) for f in fields(self)}
        )

    def __len__(self) -> int:
        return len(self.order_id)


def _none() -> Orders:
    return Orders(**{f.name: np.empty(0, np.int64) for f in fields(Orders)})


@dataclass
class Shop:
    """All that has happened so far."""

    rows_per_day: int
    current: Orders = field(default_factory=_none)
    """The latest version of each order, by number."""
    countries: Numbers = field(init=False)
    """Position among the countries, for each customer."""
    _days: int = 0

    def __post_init__(self) -> None:
        rng = np.random.default_rng([_SEED, CUSTOMERS])
        self.countries = rng.integers(0, len(COUNTRIES), CUSTOMERS)

    def next_day(self) -> Orders:
        """Return the orders that come in on one more day."""
        rng = np.random.default_rng([_SEED, self.rows_per_day, self._days])
        changed, stale = self._again(rng)
        new = self._new(rng, self.rows_per_day - len(changed) - len(stale))
        self.current = _with_changes(self.current, changed).then(new)
        self._days += 1
        arrived = new.then(changed, stale)
        return arrived.take(rng.permutation(len(arrived)))

    def move_customers(self, number: int) -> Numbers:
        """Move so many customers to the next country; return their numbers."""
        rng = np.random.default_rng([_SEED, number])
        moved = np.sort(rng.choice(CUSTOMERS, number, replace=False))
        self.countries[moved] = (self.countries[moved] + 1) % len(COUNTRIES)
        return moved

    def _again(self, rng: np.random.Generator) -> tuple[Orders, Orders]:
        """Return changed orders, and older versions of others, which must not count."""
        recent = min(len(self.current), _RECENT_DAYS * self.rows_per_day)
        changes = min(round(self.rows_per_day * _CHANGED_SHARE), recent // 2)
        olds = min(round(self.rows_per_day * _STALE_SHARE), recent // 2)
        places = len(self.current) - 1 - rng.choice(recent, changes + olds, replace=False)
        changed = self.current.take(places[:changes])
        moved = rng.random(changes) < _MOVED_SHARE
        changed = replace(
            changed,
            day=np.where(moved, FIRST_DAY + self._days, changed.day),
            status=rng.integers(1, len(STATES), changes),
            cents=changed.cents + rng.integers(1, 500, changes),
            updated=_moments(rng, FIRST_DAY + self._days, changes),
        )
        stale = self.current.take(places[changes:])
        return changed, replace(stale, cents=stale.cents + 1, updated=stale.updated - 1)

    def _new(self, rng: np.random.Generator, rows: int) -> Orders:
        late = np.where(rng.random(rows) < _LATE_SHARE, rng.integers(1, 4, rows), 0)
        today = FIRST_DAY + self._days
        return Orders(
            order_id=np.arange(len(self.current), len(self.current) + rows, dtype=np.int64),
            customer_id=rng.integers(0, CUSTOMERS, rows),
            day=today - np.minimum(late, self._days),
            channel=rng.integers(0, len(CHANNELS), rows),
            status=np.zeros(rows, np.int64),
            quantity=rng.integers(1, 50, rows),
            cents=rng.integers(100, 200_000, rows),
            updated=_moments(rng, today, rows),
        )


def _moments(rng: np.random.Generator, day: int, rows: int) -> Numbers:
    return day * _DAY_MICROS + rng.integers(1, _DAY_MICROS, rows)


def _with_changes(orders: Orders, changed: Orders) -> Orders:
    """Return the orders with changes applied: the number of an order is its place."""
    copies = {f.name: getattr(orders, f.name).copy() for f in fields(orders)}
    for name, values in copies.items():
        values[changed.order_id] = getattr(changed, name)
    return Orders(**copies)
