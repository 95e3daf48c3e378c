"""A small shop's uploads, with the dirt that such files have, and what must become of them."""

from __future__ import annotations

import csv
import gzip
import io
import random
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

_SEED = 2026
_PLACES = (
    ("01067", "Dresden"),
    ("04109", "Leipzig"),
    ("20095", "Hamburg"),
    ("50667", "Köln"),
    ("80331", "München"),
    ("90402", "Nürnberg"),
)
_NAMES = ("Jäger", "Müller", "Özdemir", "Schröder", "Weiß", "O'Neill", "García", "Novák")
_PRODUCTS = (
    ("Teapot, 1.2 l", "24.90"),
    ('Kettle "Dampf"', "39.00"),
    ("Cup", "4.5"),
    ("Tea strainer", "7.25"),
    ("Sencha\n250 g", "18.75"),
)


@dataclass(frozen=True, kw_only=True)
class DemoFile:
    """A file to upload, and how it must end."""

    key: str
    content: bytes
    about: str
    status: str
    published: int = 0
    quarantined: int = 0

    def write(self, folder: Path) -> Path:
        path = folder / self.key.replace("/", "_")
        path.write_bytes(self.content)
        return path


def demo_set() -> tuple[list[DemoFile], list[DemoFile]]:
    """What is uploaded on the first occasion, and on the second. The same at every call."""
    chance = random.Random(_SEED)  # noqa: S311 - made-up data
    monday = _orders(chance, start=1, count=400, day=datetime(2026, 1, 12, tzinfo=UTC))
    tuesday = _orders(chance, start=401, count=300, day=datetime(2026, 1, 13, tzinfo=UTC))
    first = [
        _customers(chance),
        _products(),
        DemoFile(
            key="orders/2026-01-12.csv",
            content=_text(monday),
            about="400 orders",
            status="published",
            published=400,
        ),
        _messy_orders(tuesday),
        _order_lines(chance, orders=700),
        DemoFile(
            key="orders/photo.csv",
            content=_png(),
            about="a PNG image that is named .csv",
            status="rejected",
        ),
        DemoFile(key="orders/", content=b"", about="a folder marker", status="ignored"),
    ]
    wider = [("order_id", "customer_id", "ordered_at", "discount")]
    wider += [(f"{i}", f"{i % 60 + 1}", "2026-01-14T09:00:00Z", "STAFF") for i in range(701, 711)]
    second = [
        DemoFile(
            key="orders/2026-01-12.csv",
            content=first[2].content,
            about="Monday's orders once more",
            status="ignored",
        ),
        DemoFile(
            key="orders/2026-01-14.csv",
            content=_text(wider),
            about="a discount that is no number: the column becomes text",
            status="published",
            published=10,
        ),
    ]
    return first, second


def _customers(chance: random.Random) -> DemoFile:
    rows: list[Sequence[str]] = [("Customer ID", "Name", "PLZ", "City", "Phone")]
    for number in range(1, 61):
        code, city = chance.choice(_PLACES)
        phone = f"+49 {chance.randint(30, 999)} {chance.randint(10000, 99999)}"
        rows.append((str(number), chance.choice(_NAMES), code, city, phone))
    return DemoFile(
        key="customers.csv",
        content=_text(rows, delimiter=";").decode().encode("cp1252"),
        about="semicolons, Windows encoding, postal codes that start with 0",
        status="published",
        published=60,
    )


def _products() -> DemoFile:
    rows = [("product_id", "name", "price")]
    rows += [(str(number), name, price) for number, (name, price) in enumerate(_PRODUCTS, 1)]
    return DemoFile(
        key="products.csv",
        content=b"\xef\xbb\xbf" + _text(rows, line_end="\r\n"),
        about="byte order mark, CRLF, commas, quotes and a line end inside values",
        status="published",
        published=len(_PRODUCTS),
    )


def _orders(chance: random.Random, *, start: int, count: int, day: datetime) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [("order_id", "customer_id", "ordered_at", "discount")]
    for number in range(start, start + count):
        moment = day + timedelta(seconds=chance.randint(0, 86399))
        discount = chance.choice(("", "", "0.05", "0.1"))
        customer = chance.randint(1, 60)
        rows.append((str(number), str(customer), f"{moment:%Y-%m-%dT%H:%M:%SZ}", discount))
    return rows


def _messy_orders(rows: list[Sequence[str]]) -> DemoFile:
    lines = _text(rows).decode().split("\n")
    lines.insert(10, "9001,12")
    lines.insert(50, '9002,13,"2026-01-13T10:00:00Z,0.05')
    lines.insert(90, "9003,14,2026-01-13T11:00:00Z,0.05,extra")
    return DemoFile(
        key="orders/2026-01-13.csv",
        content="\n".join(lines).encode(),
        about="300 orders, and three rows that are none",
        status="published",
        published=300,
        quarantined=3,
    )


def _order_lines(chance: random.Random, *, orders: int) -> DemoFile:
    rows: list[Sequence[str]] = [("order_id", "line", "product_id", "quantity")]
    for order in range(1, orders + 1):
        for line in range(1, chance.randint(1, 4) + 1):
            product = chance.randint(1, len(_PRODUCTS))
            rows.append((str(order), str(line), str(product), str(chance.randint(1, 5))))
    return DemoFile(
        key="order_lines/all.csv",
        content=gzip.compress(_text(rows), mtime=0),
        about="gzip, though the name does not say so",
        status="published",
        published=len(rows) - 1,
    )


def _text(rows: Iterable[Sequence[str]], *, delimiter: str = ",", line_end: str = "\n") -> bytes:
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    return target.getvalue().encode()


def _png() -> bytes:
    """One grey pixel."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0\x80")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(*chunk) for chunk in chunks)


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + checksum
