"""What PyIceberg works out anew for each Avro file, remembered: a fifth of a simulation's time.

The schema of a file and its reader depend on the file's header and the wanted schema alone, and all
files of the simulated tables have a few of them.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pyiceberg.avro.file
from pyiceberg.avro.file import AvroFileHeader
from pyiceberg.avro.resolver import resolve_reader
from pyiceberg.schema import Schema
from pyiceberg.utils.schema_conversion import AvroSchemaConversion

_MOST = 500
_file_module: Any = pyiceberg.avro.file
_readers: dict[tuple[object, ...], tuple[Any, Any]] = {}
"""Readers by identities; the wanted schema is kept, so that no other gets its identity."""


def remember_schemas() -> None:
    """Have this process's PyIceberg remember schemas and readers, from now on."""
    AvroFileHeader.get_schema = lambda self: _schema(self.meta["avro.schema"])  # type: ignore[method-assign]
    _file_module.resolve_reader = _reader


@cache
def _schema(text: str) -> Schema:
    return AvroSchemaConversion().avro_to_iceberg(json.loads(text))


def _reader(schema: Any, wanted: Any, types: Any, enums: Any) -> Any:
    key = (id(schema), id(wanted), tuple(types.items()), tuple(enums.items()))
    if key not in _readers:
        if len(_readers) > _MOST:
            _readers.clear()
        _readers[key] = resolve_reader(schema, wanted, types, enums), wanted
    return _readers[key][0]
