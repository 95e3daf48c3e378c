"""Loads as files of the processed zone, and the right table after each phase, made once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.layers.processing import PHASES
from benchmarks.layers.processing.orders import (
    CHANNELS,
    COUNTRIES,
    CUSTOMERS,
    FIRST_DAY,
    STATES,
    Numbers,
    Orders,
    Shop,
)
from iceberg.field_ids import with_field_ids
from lake.columns.schema import Schema
from lake.columns.table_columns import NO_TABLE
from lake.columns.types import TEXT, ColumnType, Kind, decimal_type
from wires.layout import BY_DAY

_VERSION = 2
FIRST_DAYS = 30
MOVED_CUSTOMERS = 20
_EPOCH = date(1970, 1, 1)
_INTEGER = ColumnType(Kind.INTEGER, 18)
SCHEMAS = {
    "customers": Schema.of(
        ("customer_id", "name", "country"),
        (_INTEGER, TEXT, TEXT),
    ),
    "orders": Schema.of(
        (
            "order_id",
            "customer_id",
            "ordered_on",
            "channel",
            "status",
            "quantity",
            "amount",
            "updated_at",
        ),
        (
            _INTEGER,
            _INTEGER,
            ColumnType(Kind.DATE),
            TEXT,
            TEXT,
            _INTEGER,
            decimal_type(16, 2),
            ColumnType(Kind.INSTANT),
        ),
    ),
}


@dataclass(frozen=True, kw_only=True)
class StoredLoad:
    """One load of one dataset."""

    dataset: str
    load_id: str
    arrives: str
    """The phase before which it arrives."""
    uploaded_at: str
    prefix: str
    """Folder of its partition within the bucket."""
    rows: int

    @property
    def partition(self) -> tuple[str, str, str]:
        """Year, month and day."""
        year, month, day = self.uploaded_at[:10].split("-")
        return year, month, day


@dataclass(frozen=True, kw_only=True)
class ZoneFiles:
    """A processed zone, which is complete at the last phase."""

    folder: Path

    @property
    def bucket(self) -> Path:
        return self.folder / "processed"

    @property
    def loads(self) -> list[StoredLoad]:
        return [StoredLoad(**item) for item in json.loads(self._list.read_text())]

    @property
    def rows(self) -> int:
        """Number of rows of orders, with all versions."""
        return sum(load.rows for load in self.loads if load.dataset == "orders")

    def of(self, dataset: str, *, until: str) -> list[StoredLoad]:
        """Return the loads of a dataset that are there in a phase."""
        known = PHASES[: PHASES.index(until) + 1]
        return [x for x in self.loads if x.dataset == dataset and x.arrives in known]

    def expected(self, phase: str) -> pa.Table:
        return pq.read_table(self.folder / f"{phase}.parquet")

    @property
    def _list(self) -> Path:
        return self.folder / "loads.json"


def prepare(rows: int, cache: Path) -> ZoneFiles:
    """Return files with so many rows of orders in the first phase, from the cache or made anew."""
    home = cache / f"processing-v{_VERSION}-{rows}"
    files = ZoneFiles(folder=home)
    if not (home / "loads.json").exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        loads = _write(rows // FIRST_DAYS, files)
        # The list is written last, so if it is there the files are complete.
        (home / "loads.json").write_text(json.dumps([asdict(load) for load in loads]))
    return files


def _write(rows_per_day: int, files: ZoneFiles) -> list[StoredLoad]:
    build, increment, move = PHASES
    shop = Shop(rows_per_day)
    loads = [put_load(files, "customers", _customers(shop, np.arange(CUSTOMERS)), 0, build)]
    loads += [
        put_load(files, "orders", orders_table(shop.next_day()), day, build)
        for day in range(FIRST_DAYS)
    ]
    _put_expected(files, build, shop)
    loads.append(put_load(files, "orders", orders_table(shop.next_day()), FIRST_DAYS, increment))
    _put_expected(files, increment, shop)
    moved = _customers(shop, shop.move_customers(MOVED_CUSTOMERS))
    loads.append(put_load(files, "customers", moved, FIRST_DAYS + 1, move))
    _put_expected(files, move, shop)
    return loads


def _put_expected(files: ZoneFiles, phase: str, shop: Shop) -> None:
    pq.write_table(expected_table(shop), files.folder / f"{phase}.parquet")


def expected_table(shop: Shop) -> pa.Table:
    """Return the table that the SQL has to give over all orders in their last state."""
    orders = orders_table(shop.current)
    country = _named(COUNTRIES, shop.countries[shop.current.customer_id])
    keys = ["ordered_on", "country", "channel"]
    grouped = orders.append_column("country", country).group_by(keys)
    sums = grouped.aggregate([([], "count_all"), ("quantity", "sum"), ("amount", "sum")])
    return sums.rename_columns([*keys, "orders", "quantity", "amount"])


def orders_table(orders: Orders) -> pa.Table:
    return pa.table(
        {
            "order_id": orders.order_id,
            "customer_id": orders.customer_id,
            "ordered_on": pa.array(orders.day.astype(np.int32)).cast(pa.date32()),
            "channel": _named(CHANNELS, orders.channel),
            "status": _named(STATES, orders.status),
            "quantity": orders.quantity,
            "amount": _euros(orders.cents),
            "updated_at": pa.array(orders.updated).cast(pa.timestamp("us", tz="UTC")),
        }
    )


def _customers(shop: Shop, numbers: Numbers) -> pa.Table:
    names = pc.binary_join_element_wise("Customer ", pa.array(numbers).cast(pa.string()), "")
    country = _named(COUNTRIES, shop.countries[numbers])
    return pa.table({"customer_id": numbers, "name": names, "country": country})


def _named(names: Sequence[str], positions: Numbers) -> pa.Array:
    return pa.array(names).take(pa.array(positions))


def _euros(cents: Numbers) -> pa.Array:
    words = np.stack([cents, cents >> 63], axis=1)
    buffers = [None, pa.py_buffer(words.tobytes())]
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), buffers)


def put_load(files: ZoneFiles, dataset: str, rows: pa.Table, day: int, arrives: str) -> StoredLoad:
    on = _EPOCH + timedelta(days=FIRST_DAY + day)
    load_id = f"{dataset}{day:02d}".rjust(16, "0")
    folder = f"year={on:%Y}/month={on:%m}/day={on:%d}/load={load_id}"
    load = StoredLoad(
        dataset=dataset,
        load_id=load_id,
        arrives=arrives,
        uploaded_at=datetime(on.year, on.month, on.day, 23, tzinfo=UTC).isoformat(),
        prefix=f"{dataset}/{folder}/",
        rows=rows.num_rows,
    )
    path = files.bucket / load.prefix / "part-00000.snappy.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(_with_metadata(rows, load), path, compression="snappy")
    return load


def _with_metadata(rows: pa.Table, load: StoredLoad) -> pa.Table:
    """Append the columns that every file of the zone ends with."""
    at = pa.scalar(datetime.fromisoformat(load.uploaded_at), pa.timestamp("us", tz="UTC"))
    values = {
        "processed_at": at,
        "source_file": pa.scalar(source_file(load)),
        "processing_job": pa.scalar("benchmark"),
        "load_id": pa.scalar(load.load_id),
    }
    values |= zip(BY_DAY.columns, map(pa.scalar, load.partition), strict=True)
    for name, value in values.items():
        rows = rows.append_column(name, pa.repeat(value, rows.num_rows))
    ids = NO_TABLE.field_ids(SCHEMAS[load.dataset])
    return pa.table(rows.columns, schema=with_field_ids(rows.schema, ids))


def source_file(load: StoredLoad) -> str:
    """Return the key that the load was uploaded under."""
    return f"data/incoming/{load.uploaded_at[:10].replace('-', '/')}/{load.dataset}/rows.csv"
