"""Finds the format and the columns of an object from its content."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.json as pa_json
import pyarrow.orc as pa_orc
import pyarrow.parquet as pa_parquet

from local_cloud.catalog.types import catalog_type
from local_cloud.errors import CatalogError
from wires.formats import detect

HEAD = 65536
"""Bytes that are enough to tell all formats apart."""
_HIVE = "org.apache.hadoop.hive"
_TEXT = ("org.apache.hadoop.mapred.TextInputFormat", "ql.io.HiveIgnoreKeyTextOutputFormat")
_FORMATS = {
    "parquet": (
        f"{_HIVE}.ql.io.parquet.MapredParquetInputFormat",
        "ql.io.parquet.MapredParquetOutputFormat",
        f"{_HIVE}.ql.io.parquet.serde.ParquetHiveSerDe",
    ),
    "orc": (
        f"{_HIVE}.ql.io.orc.OrcInputFormat",
        "ql.io.orc.OrcOutputFormat",
        f"{_HIVE}.ql.io.orc.OrcSerde",
    ),
    "json": (*_TEXT, "org.openx.data.jsonserde.JsonSerDe"),
    "csv": (*_TEXT, f"{_HIVE}.serde2.lazy.LazySimpleSerDe"),
}
_DELIMITERS = ",|\t;\x01"
"""Delimiters, and a header rule: https://docs.aws.amazon.com/glue/latest/dg/add-classifier.html"""
_CODECS = {"gzip": "gzip", "bzip2": "bz2", "zstd": "zstd"}


@dataclass(frozen=True, kw_only=True)
class Found:
    """The format and the columns of an object."""

    classification: str
    columns: dict[str, str]
    compression: str = "none"
    delimiter: str = ""
    has_header: bool = False
    shown: str = field(default="", compare=False)
    """Location of the object, for messages."""

    def storage(self, location: str) -> dict[str, Any]:
        """Return a storage descriptor without columns."""
        reading, writing, serde = _FORMATS[self.classification]
        parameters = {"serialization.format": "1"}
        if self.delimiter:
            parameters = {"field.delim": self.delimiter}
        return {
            "Location": location,
            "InputFormat": reading,
            "OutputFormat": f"{_HIVE}.{writing}",
            "Compressed": self.compression != "none",
            "SerdeInfo": {"SerializationLibrary": serde, "Parameters": parameters},
        }


def found_in(body: bytes, *, shown: str) -> Found:
    """Raises CatalogError for an object that is broken, or not Parquet, ORC, JSON Lines or CSV."""
    try:
        return _found_in(body, shown)
    except pa.ArrowInvalid as error:
        raise CatalogError(f"{shown} cannot be read: {error}") from error


def _found_in(body: bytes, shown: str) -> Found:
    known = detect(body[:HEAD])
    compression = known.compression or "none"
    if known.name == "Parquet" and not known.compression:
        return _found("parquet", pa_parquet.read_schema(pa.BufferReader(body)), shown)
    if known.name == "ORC" and not known.compression:
        return _found("orc", pa_orc.ORCFile(pa.BufferReader(body)).schema, shown)
    text = _plain(body, compression)
    if known.name in ("JSON Lines", "JSON"):
        found = _found("json", pa_json.read_json(pa.BufferReader(text)).schema, shown, compression)
        return replace(found, columns={n: _untimed(kind) for n, kind in found.columns.items()})
    if known.name == "text":
        return _csv(text, shown, compression)
    raise CatalogError(
        f"{shown} is {known.name}: a laptop's crawler knows Parquet, ORC, JSON Lines and CSV; "
        "exclude it from the target"
    )


def _csv(text: bytes, shown: str, compression: str) -> Found:
    first = text.partition(b"\n")[0].decode(errors="replace")
    delimiter = max(_DELIMITERS, key=first.count)
    if delimiter not in first:
        raise CatalogError(
            f"{shown} is text with one column: Glue takes nothing for CSV that has no second one"
        )
    parse = pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    with_header = pa_csv.read_csv(pa.BufferReader(text), parse_options=parse).schema
    without = pa_csv.read_csv(
        pa.BufferReader(text),
        parse_options=parse,
        read_options=pa_csv.ReadOptions(autogenerate_column_names=True),
    ).schema
    has_header = _is_header(with_header)
    columns = (
        dict(_text_columns(with_header))
        if has_header
        else {f"col{position}": name for position, (_, name) in enumerate(_text_columns(without))}
    )
    return Found(
        classification="csv",
        columns=columns,
        compression=compression,
        delimiter=delimiter,
        has_header=has_header,
        shown=shown,
    )


def _is_header(schema: pa.Schema) -> bool:
    """Whether the first line is a header: no name is a number, and not every column is text."""
    names_are_text = not any(_is_number(name) for name in schema.names)
    return names_are_text and any(kind != "string" for _, kind in _text_columns(schema))


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def _text_columns(schema: pa.Schema) -> Iterator[tuple[str, str]]:
    """Yield names and types of CSV columns as Glue has them: a date is text."""
    for column in schema:
        is_known = column.type in (pa.int64(), pa.float64(), pa.bool_())
        yield column.name.lower(), catalog_type(column.type) if is_known else "string"


def _untimed(kind: str) -> str:
    """Return a type with text in place of times, which JSON lacks; a field's name may stay so."""
    return re.sub(r"\btimestamp\b(?!:)", "string", kind)


def _found(classification: str, schema: pa.Schema, shown: str, compression: str = "none") -> Found:
    return Found(
        classification=classification,
        columns={column.name.lower(): catalog_type(column.type) for column in schema},
        compression=compression,
        shown=shown,
    )


def _plain(body: bytes, compression: str) -> bytes:
    if compression == "none":
        return body
    stream = pa.input_stream(pa.BufferReader(body), compression=_CODECS[compression])
    return bytes(stream.read())
