"""The files that the shop sends, in the order of arrival."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain

from local_cloud.shop import customers, formats, products
from local_cloud.shop.files import json_lines, json_list
from local_cloud.shop.formats import Write
from local_cloud.shop.lines import corrections, line_days
from local_cloud.shop.orders import OrderBook, order_book
from local_cloud.shop.records import DAYS, BrokenRow, Dataset, Record
from local_cloud.shop.returns import return_files
from local_cloud.shop.surprises import order_files, sent_again


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A file of records."""

    day: date
    dataset: Dataset
    file: str
    about: str
    """Description for people."""
    rows: tuple[Record, ...]
    """Records that a library for the format reads."""
    write: Write
    broken: tuple[BrokenRow, ...] = ()


def deliveries() -> tuple[Delivery, ...]:
    """Return the files, the same at every call."""
    book = order_book()
    parts = chain(_customers(), _products(), _orders(book), _lines(book), _returns(book))
    return tuple(sorted(parts, key=lambda sent: (sent.day, list(Dataset).index(sent.dataset))))


def _customers() -> Iterator[Delivery]:
    unreadable = (customers.CUT_SHORT, customers.SPLIT_NAME)
    broken = customers.broken_rows()
    yield Delivery(
        day=DAYS[0],
        dataset=Dataset.CUSTOMERS,
        file="customers.csv",
        about="the full list; one row is cut short, and a comma in a name has no quotes",
        rows=tuple(row for row in customers.first_list() if row.customer_id not in unreadable),
        broken=broken,
        write=formats.listed_customers(broken),
    )
    yield Delivery(
        day=DAYS[2],
        dataset=Dataset.CUSTOMERS,
        file="customers_changed.csv.gz",
        about="moves and newcomers: gzip, semicolons, another order, one column more",
        rows=customers.changes(),
        write=formats.changed_customers,
    )


def _products() -> Iterator[Delivery]:
    yield Delivery(
        day=DAYS[0],
        dataset=Dataset.PRODUCTS,
        file="products.json",
        about="a JSON list of everything on sale",
        rows=products.first_list(),
        write=json_list,
    )
    yield Delivery(
        day=DAYS[3],
        dataset=Dataset.PRODUCTS,
        file="products_changed.jsonl",
        about="JSON lines: other prices, and one product in another category",
        rows=products.changes(),
        write=json_lines,
    )


def _orders(book: OrderBook) -> Iterator[Delivery]:
    about = (
        "orders of the day",
        "milliseconds; one order has no number, another a status that nobody knows",
        "a feed of changes: one order stands in two states in the file",
        "late orders of the 12th and 13th too; one is reported lost, which is no status",
    )
    for (day, rows), text in zip(order_files(book).items(), about, strict=True):
        yield Delivery(
            day=day,
            dataset=Dataset.ORDERS,
            file="orders.avro",
            about=text,
            rows=rows,
            write=formats.orders_in_millis if day == DAYS[1] else formats.orders_in_micros,
        )
    yield Delivery(
        day=DAYS[2],
        dataset=Dataset.ORDERS,
        file="orders_of_2026-01-12_again.avro",
        about="a part of the first day's orders again, as they were then",
        rows=sent_again(book),
        write=formats.orders_in_micros,
    )


def _lines(book: OrderBook) -> Iterator[Delivery]:
    about = (
        "lines of the day's orders; one has the quantity 0",
        "narrower numbers, columns in another order",
        "five lines of days before are put right; one has the quantity -1",
        "lines of the day's and the late orders; one has the quantity 0",
    )
    days = line_days(book)
    for (day, rows), text in zip(days.items(), about, strict=True):
        yield Delivery(
            day=day,
            dataset=Dataset.ORDER_LINES,
            file="order_lines.parquet",
            about=text,
            rows=(*rows, *corrections(days)) if day == DAYS[2] else rows,
            write=formats.narrow_lines if day == DAYS[1] else formats.wide_lines,
        )


def _returns(book: OrderBook) -> Iterator[Delivery]:
    about = (
        "the first returns",
        "one return is told again, one is of an order that nobody has",
    )
    for (day, rows), text in zip(return_files(book, line_days(book)).items(), about, strict=True):
        yield Delivery(
            day=day,
            dataset=Dataset.RETURNS,
            file="returns.orc",
            about=text,
            rows=rows,
            write=formats.returns,
        )
