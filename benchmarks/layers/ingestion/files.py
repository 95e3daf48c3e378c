"""The same records in a file of each format, made once, with the truth beside them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import orc

from benchmarks.columns import COLUMNS
from benchmarks.datasets import Truth
from benchmarks.generator import GENERATOR_VERSION, header, text_of
from benchmarks.layers.ingestion.records import chunks_of, json_lines, rows_in, typed, without_zones

_VERSION = 2
_INCOMING = "data/incoming/2026/01/15/orders"
"""Prefix that the key of an upload needs for all formats to be taken."""
FORMATS = {
    "csv": "CSV",
    "jsonl": "JSON Lines",
    "json": "JSON, a list",
    "parquet": "Parquet",
    "orc": "ORC",
    "avro": "Avro",
}
"""Ending and description of each file."""


@dataclass(frozen=True, kw_only=True)
class Files:
    """A file of each format."""

    folder: Path
    truth: Truth

    def path(self, ending: str) -> Path:
        return self.folder / ending / _INCOMING / f"orders.{ending}"

    @property
    def sizes(self) -> Mapping[str, int]:
        """Bytes of each file."""
        return {ending: self.path(ending).stat().st_size for ending in FORMATS}


def prepare(megabytes: float, cache: Path) -> Files:
    """Return the files from the cache, or made anew."""
    home = cache / f"formats-v{GENERATOR_VERSION}.{_VERSION}-{megabytes:g}MB"
    truth = home / "truth.json"
    # The truth is written last, so if it is there the files are complete.
    if not truth.exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        truth.write_text(json.dumps(asdict(_write(rows_in(megabytes), home))))
    return Files(folder=home, truth=Truth.read(truth))


def _write(rows: int, home: Path) -> Truth:
    truth = Truth()
    files = Files(folder=home, truth=truth)
    for ending in FORMATS:
        files.path(ending).parent.mkdir(parents=True)
    _write_csv(rows, files.path("csv"))
    _write_json(rows, files.path("jsonl"), files.path("json"))
    _write_columnar(rows, files.path("parquet"), files.path("orc"))
    _write_avro(rows, files.path("avro"))
    for part in chunks_of(rows):
        truth = truth.plus(part)
    return truth


def _write_csv(rows: int, path: Path) -> None:
    with path.open("wb") as file:
        file.write(header(tuple(COLUMNS)))
        for part in chunks_of(rows):
            file.write(text_of(part.lines(tuple(COLUMNS))))


def _write_json(rows: int, lines_path: Path, list_path: Path) -> None:
    with lines_path.open("wb") as lines, list_path.open("wb") as listed:
        for number, part in enumerate(chunks_of(rows)):
            text = bytes(text_of(json_lines(part)))
            lines.write(text)
            listed.write(b",\n" if number else b"[\n")
            # Line ends inside texts are escaped, so this is only the end of each record.
            listed.write(text[:-1].replace(b"}\n{", b"},\n{"))
        listed.write(b"\n]\n")


def _write_columnar(rows: int, parquet_path: Path, orc_path: Path) -> None:
    """Write a row group for each chunk, so that several tasks could share the Parquet file."""
    with ExitStack() as stack:
        orc_file = stack.enter_context(orc.ORCWriter(str(orc_path), compression="zlib"))
        parquet_file: pq.ParquetWriter | None = None
        for table in map(typed, chunks_of(rows)):
            if parquet_file is None:
                make = partial(pq.ParquetWriter, parquet_path, table.schema, compression="snappy")
                parquet_file = stack.enter_context(make())
            parquet_file.write_table(table)
            orc_file.write(without_zones(table))


def _write_avro(rows: int, path: Path) -> None:
    schema = fastavro.parse_schema(_avro_schema(typed(next(chunks_of(1))).schema))
    with path.open("wb") as file:
        fastavro.writer(file, schema, _records(rows), codec="deflate")


def _records(rows: int) -> Iterator[dict[str, Any]]:
    for part in chunks_of(rows):
        yield from typed(part).to_pylist()


def _avro_schema(schema: pa.Schema) -> dict[str, Any]:
    fields = [{"name": f.name, "type": ["null", _avro_type(f.type)]} for f in schema]
    return {"type": "record", "name": "order", "fields": fields}


def _avro_type(kind: pa.DataType) -> str | dict[str, Any]:
    if pa.types.is_decimal(kind):
        digits = {"precision": kind.precision, "scale": kind.scale}
        return {"type": "bytes", "logicalType": "decimal", **digits}
    if pa.types.is_timestamp(kind):
        local = "" if kind.tz else "local-"
        return {"type": "long", "logicalType": f"{local}timestamp-micros"}
    if pa.types.is_date(kind):
        return {"type": "int", "logicalType": "date"}
    return {pa.bool_(): "boolean", pa.int64(): "long"}.get(kind, "string")
