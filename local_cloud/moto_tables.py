"""moto's DynamoDB for many items: work on some items does not touch all the others.

moto sorts every item of a table for each query, by values that it makes anew for each
comparison; copies the whole table for each item of a transaction, to be able to undo it; and
looks ten times at each value of an answer.
Callers hold moto's lock.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from botocore.model import StructureShape
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

_query: Callable[..., Any] = Table.query
_serialize_structure: Callable[..., None] = BaseJSONSerializer._serialize_type_structure  # noqa: SLF001 - replaced below
_transact_write_items: Callable[..., Any] = DynamoDBBackend.transact_write_items
_INDEX_NAME = 7
"""Position of the index's name among the arguments with which moto calls `Table.query`."""

_AS_THEY_ARE = ({"S"}, {"N"}, {"BOOL"}, {"NULL"})
"""Types whose values moto holds in the form in which they are sent."""

Conditions = Iterable[tuple[str, DynamoType]]
Undo = Callable[[], None]


def query(
    table: Table, *arguments: Any, hash_key_conditions: Conditions = (), **others: Any
) -> Any:
    """Replace `Table.query`: run moto's own over only those items that can be in its answer."""
    if arguments[_INDEX_NAME]:
        wanted = list(hash_key_conditions)
        found = [item for item in _having(table, wanted) if _fits(item, wanted)]
    else:
        found = _of_key(table, arguments[0])
    narrowed = copy.copy(table)
    found.sort(key=_place)
    narrowed.all_items = lambda: found  # type: ignore[method-assign]
    return _query(narrowed, *arguments, hash_key_conditions=hash_key_conditions, **others)


def transact_write_items(backend: DynamoDBBackend, transact_items: Sequence[Any]) -> None:
    """Replace the backend's method: undo only the items that a failed transaction names."""
    undoing = [_undoing(backend, next(iter(item.values()))) for item in transact_items]
    Table.__deepcopy__ = lambda table, _: table  # type: ignore[attr-defined]
    try:
        _transact_write_items(backend, transact_items)
    except BaseException:
        for undo in filter(None, undoing):
            undo()
        raise
    finally:
        del Table.__deepcopy__  # type: ignore[attr-defined]


def serialize_structure(
    serializer: BaseJSONSerializer, serialized: Any, value: Any, shape: StructureShape, key: str
) -> None:
    """Replace the serializer's method: moto tries ten names for a value that has only one."""
    if shape.name == "AttributeValue" and type(value) is dict and value.keys() in _AS_THEY_ARE:
        serialized[serializer.get_serialized_name(shape, key)] = value
    else:
        _serialize_structure(serializer, serialized, value, shape, key)


def _having(table: Table, wanted: Conditions) -> Iterable[Item]:
    """Return the items that are in the index; most of a table's items may not be."""
    found: Any = table.items.values()
    if table.has_range_key:
        found = chain.from_iterable(of_key.values() for of_key in found)
    for name, _ in wanted:
        found = [item for item in found if name in item.attrs]
    having: Iterable[Item] = found
    return having


def _of_key(table: Table, key: DynamoType) -> list[Item]:
    if key not in table.items:
        return []
    found: Any = table.items[key]
    return list(found.values()) if table.has_range_key else [found]


def _fits(item: Any, wanted: Conditions) -> bool:
    """Whether an item has the wanted values. Compares texts directly; moto converts both first."""
    return isinstance(item, Item) and all(
        (found := item.attrs.get(name)) is not None
        and found.type == value.type
        and (found.value == value.value or found == value)
        for name, value in wanted
    )


def _place(item: Item) -> tuple[Any, ...]:
    """Return an item's place in moto's own order, which matters where moto does not sort again."""
    range_key = item.range_key
    return item.hash_key.cast_value, range_key.cast_value if range_key else ""


def _undoing(backend: DynamoDBBackend, operation: Mapping[str, Any]) -> Undo | None:
    """Return a function that restores an operation's item as it is now; None if it names none."""
    table = backend.tables.get(operation.get("TableName", ""))
    named = operation.get("Key") or operation.get("Item") or {}
    if table is None or any(key not in named for key in _keys(table)):
        return None
    hash_key, *rest = (DynamoType(named[key]) for key in _keys(table))
    range_key = rest[0] if rest else None
    before = copy.deepcopy(table.get_item(hash_key, range_key))

    def undo() -> None:
        place: Any = table.items[hash_key] if range_key else table.items
        name = range_key or hash_key
        if before is None:
            place.pop(name, None)
        else:
            place[name] = before

    return undo


def _keys(table: Table) -> list[str]:
    return [name for name in (table.hash_key_attr, table.range_key_attr) if name]
