"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Sizes, rounds and limits."""

    rounds: int = 3
    megabytes: float = 200
    """Size of the records that are ingested, as JSON Lines; 10**6 bytes each."""
    order_rows: int = 2_000_000
    """Rows in the first 30 daily loads that are processed."""
    quality_rows: int = 10_000_000
    """Rows of the table that is judged."""
    cores: int = 2
    timeout: float = 900


QUICK = Settings(rounds=1, megabytes=2, order_rows=60_000, quality_rows=200_000, timeout=300)
