"""Decides what lands of a record: its rows, or a reason why it is none. Pure."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any, NoReturn

from wires.stream_sources import RecordFormat, RowShape

from .records import Record

_AGGREGATED = b"\xf3\x89\x9a\xc2"
"""Begins records into which Kinesis' Producer Library has packed several."""


class NoRow(ValueError):
    """A record is no row, for a reason that people are told."""


@dataclass(frozen=True, kw_only=True)
class RowMaker:
    """Makes rows as the source's file says."""

    record_format: RecordFormat
    shape: RowShape

    def rows_of(self, record: Record) -> list[bytes]:
        """Return the lines that land of a record. Raises NoRow if nothing of it can."""
        if self.shape is RowShape.RECORD:
            return [text.encode() for text in self._texts(record)]
        if record.data is None:
            return [_envelope(record, "null")]
        if self.record_format is RecordFormat.BYTES:
            return [_envelope(record, json.dumps(base64.b64encode(record.data).decode()))]
        return [_envelope(record, text) for text in self._texts(record)]

    def _texts(self, record: Record) -> list[str]:
        if record.data is None:
            raise NoRow("it has no value (a tombstone): `rows: envelope` lands those as well")
        text = _text_of(record.data)
        if self.record_format is RecordFormat.JSON:
            return [_object(text)]
        texts = [_object(line) for line in text.split("\n") if line.strip()]
        if not texts:
            raise NoRow("it has no lines")
        return texts


def _text_of(data: bytes) -> str:
    if data.startswith(_AGGREGATED):
        raise NoRow(
            "it was aggregated by the Kinesis Producer Library, which is not understood here: "
            "switch aggregation off where it is produced"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NoRow(f"it is no UTF-8, at byte {error.start}") from error


def _object(text: str) -> str:
    """Return an object in its own spelling, in one line. Raises NoRow for anything else."""
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=str, parse_int=str)
    except RecursionError as error:
        raise NoRow("its JSON is nested too deeply") from error
    except ValueError as error:
        raise NoRow(f"it is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise NoRow(f"it is JSON, and no object but {type(value).__name__}")
    # Line ends are never inside of texts, where JSON has them escaped.
    return text.strip().replace("\r", " ").replace("\n", " ")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


def _envelope(record: Record, value: str) -> bytes:
    line, _, part = record.line.partition("/")
    about: dict[str, Any] = {
        "stream": line,
        "shard": part,
        "sequence": record.sequence,
        "came_at": record.came_at.isoformat().replace("+00:00", "Z"),
        "key": None if record.key is None else record.key.decode("utf-8", "backslashreplace"),
        "headers": json.dumps(dict(record.headers)),
    }
    return f'{json.dumps(about)[:-1]}, "value": {value}}}'.encode()
