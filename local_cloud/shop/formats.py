"""The ways in which the shop's systems write their files: hardly two days alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from local_cloud.shop.files import avro, csv_text, gzipped_csv, orc_file, parquet
from local_cloud.shop.records import BrokenRow, Dataset

Write = Callable[[Sequence[Any]], bytes]
"""Writes records of one kind as a file."""


def listed_customers(broken: Sequence[BrokenRow]) -> Write:
    columns = ("customer_id", "name", "email", "city", "country", "updated_at")
    return partial(csv_text, columns=columns, broken=broken)


def _orders(timestamp: str) -> Write:
    fields: Mapping[str, Any] = {
        "order_id": ["null", "long"],
        "customer_id": "long",
        "ordered_on": {"type": "int", "logicalType": "date"},
        "status": "string",
        "updated_at": {"type": "long", "logicalType": timestamp},
    }
    return partial(avro, name=Dataset.ORDERS.value, fields=fields)


changed_customers: Write = partial(
    gzipped_csv,
    columns=("customer_id", "updated_at", "country", "city", "name", "email", "newsletter"),
    delimiter=";",
)
orders_in_micros = _orders("timestamp-micros")
orders_in_millis = _orders("timestamp-millis")
_PRICE = pa.decimal128(10, 2)
wide_lines: Write = partial(
    parquet,
    schema=pa.schema(
        [
            ("order_id", pa.int64()),
            ("line", pa.int64()),
            ("product_id", pa.int64()),
            ("quantity", pa.int64()),
            ("price", _PRICE),
        ]
    ),
)
narrow_lines: Write = partial(
    parquet,
    schema=pa.schema(
        [
            ("price", _PRICE),
            ("quantity", pa.int32()),
            ("product_id", pa.int32()),
            ("line", pa.int32()),
            ("order_id", pa.int32()),
        ]
    ),
)
returns: Write = partial(
    orc_file,
    schema=pa.schema(
        [
            ("return_id", pa.int64()),
            ("order_id", pa.int64()),
            ("line", pa.int64()),
            ("returned_on", pa.date32()),
            ("quantity", pa.int64()),
            ("reason", pa.string()),
        ]
    ),
)
