"""DynamoDB: items with conditions, indexes that lag, and transactions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulation.services.answers import Answer, Now, Params, Refused, only, play
from simulation.services.expressions import check_placeholders, condition, plain, update

Item = dict[str, Any]
Key = tuple[Any, ...]
Watcher = Callable[[str, Item | None, Item | None], None]
"""Is told of a table's item before and after each change."""
_MOST_IN_TRANSACTION = 100
_MOST_IN_BATCH = 100
_EXPRESSIONS = ("ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues")
_REMEMBERED_SECONDS = 60.0


@dataclass
class Table:
    """A table's items, and what they were a moment ago."""

    name: str
    key: tuple[str, ...]
    indexes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    items: dict[Key, Item] = field(default_factory=dict)
    before: list[tuple[float, Key, Item | None]] = field(default_factory=list)
    """Time of each recent change, with the item before it; the oldest first."""

    def key_of(self, item: Mapping[str, Any]) -> Key:
        return tuple(plain(item[name]) for name in self.key)

    def put(self, key: Key, item: Item | None, now: float) -> None:
        self.before.append((now, key, self.items.get(key)))
        if self.before[0][0] < now - _REMEMBERED_SECONDS:
            self.before = [one for one in self.before if one[0] >= now - _REMEMBERED_SECONDS]
        if item is None:
            self.items.pop(key, None)
        else:
            self.items[key] = item

    def as_of(self, then: float) -> Iterable[Item]:
        """Return the items as they were; changes that are long ago cannot be undone."""
        found: dict[Key, Item | None] = dict(self.items)
        for at, key, item in reversed(self.before):
            if at <= then:
                break
            found[key] = item
        return [item for item in found.values() if item is not None]


Change = tuple[Table, Key, Item | None]
"""Table and key, with the item that is there afterwards."""


@dataclass
class DynamoDB:
    """All tables of an account."""

    tables: dict[str, Table]
    now: Now
    lag: Callable[[str], float] = lambda _: 0.0
    """Seconds by which a read that need not be consistent is behind, by table."""
    watch: Watcher = lambda *_: None
    _tokens: dict[str, Answer] = field(default_factory=dict)
    """Answers of transactions by their client's token."""

    def call(self, operation: str, params: Params) -> Answer:
        operations: Mapping[str, Callable[[Params], Answer]] = {
            "GetItem": self._get,
            "PutItem": self._put,
            "UpdateItem": self._update,
            "DeleteItem": self._delete,
            "Query": self._query,
            "Scan": self._scan,
            "BatchGetItem": self._batch_get,
            "TransactWriteItems": self._transact,
        }
        return play(operations, operation, params)

    def _get(self, params: Params) -> Answer:
        only(params, "TableName", "Key", "ConsistentRead")
        table = self._table(params)
        if params.get("ConsistentRead"):
            item = table.items.get(table.key_of(params["Key"]))
        else:
            key, then = table.key_of(params["Key"]), self.now() - self.lag(table.name)
            item = next((one for one in table.as_of(then) if table.key_of(one) == key), None)
        return {} if item is None else {"Item": dict(item)}

    def _put(self, params: Params) -> Answer:
        only(params, "TableName", "Item", *_EXPRESSIONS)
        self._change(self._planned("Put", params))
        return {}

    def _update(self, params: Params) -> Answer:
        only(params, "TableName", "Key", "UpdateExpression", *_EXPRESSIONS)
        self._change(self._planned("Update", params))
        return {}

    def _delete(self, params: Params) -> Answer:
        only(params, "TableName", "Key", *_EXPRESSIONS)
        self._change(self._planned("Delete", params))
        return {}

    def _transact(self, params: Params) -> Answer:
        only(params, "TransactItems", "ClientRequestToken")
        token = params.get("ClientRequestToken", "")
        if token and token in self._tokens:
            return self._tokens[token]
        items = params["TransactItems"]
        if len(items) > _MOST_IN_TRANSACTION:
            raise Refused("ValidationException", f"{len(items)} items in a transaction")
        parts = [(kind, one) for item in items for kind, one in item.items()]
        if len({self._place(kind, one) for kind, one in parts}) < len(parts):
            raise Refused("ValidationException", "a transaction has one item twice")
        planned = [self._planned_or_not(kind, one) for kind, one in parts]
        if "ConditionalCheckFailed" in planned:
            raise cancelled([one if isinstance(one, str) else "None" for one in planned])
        for change in planned:
            if not isinstance(change, str):
                self._change(change)
        if token:
            self._tokens[token] = {}
        return {}

    def _planned_or_not(self, kind: str, params: Params) -> Change | str | None:
        """Return what a part of a transaction changes, or the code of its refusal."""
        try:
            return self._planned(kind, params)
        except Refused as refused:
            if refused.code != "ConditionalCheckFailedException":
                raise
            return "ConditionalCheckFailed"

    def _place(self, kind: str, params: Params) -> tuple[str, Key]:
        table = self._table(params)
        return table.name, table.key_of(params["Item" if kind == "Put" else "Key"])

    def _planned(self, kind: str, params: Params) -> Change | None:
        """Return what a write changes, None for a mere check. Raises Refused."""
        table, (_, key) = self._table(params), self._place(kind, params)
        names = params.get("ExpressionAttributeNames", {})
        values = params.get("ExpressionAttributeValues", {})
        text, change = params.get("ConditionExpression", ""), params.get("UpdateExpression", "")
        check_placeholders(names, values, text, change)
        item = table.items.get(key)
        if text and not condition(text)(item or {}, names, values):
            raise Refused("ConditionalCheckFailedException", "The conditional request failed")
        if kind == "ConditionCheck":
            return None
        if kind == "Put":
            _check_keys(table, params["Item"])
            return table, key, dict(params["Item"])
        if kind == "Delete":
            return table, key, None
        new = update(change).applied(item or dict(params["Key"]), names, values)
        _check_keys(table, new)
        return table, key, new

    def _change(self, planned: Change | None) -> None:
        if planned is None:
            return
        table, key, new = planned
        before = table.items.get(key)
        table.put(key, new, self.now())
        self.watch(table.name, before, new)

    def _batch_get(self, params: Params) -> Answer:
        only(params, "RequestItems")
        found: defaultdict[str, list[Item]] = defaultdict(list)
        asked = 0
        for name, wanted in params["RequestItems"].items():
            only(wanted, "Keys", "ConsistentRead")
            table = self.tables[name]
            keys = [table.key_of(key) for key in wanted["Keys"]]
            asked += len(keys)
            if len(set(keys)) < len(keys):
                raise Refused("ValidationException", "Provided list of item keys has duplicates")
            found[name] += [dict(table.items[key]) for key in keys if key in table.items]
        if asked > _MOST_IN_BATCH:
            raise Refused("ValidationException", f"{asked} keys in a batch")
        return {"Responses": dict(found), "UnprocessedKeys": {}}

    def _query(self, params: Params) -> Answer:
        only(
            params,
            *("TableName", "IndexName", "KeyConditionExpression", "ExpressionAttributeNames"),
            *("ExpressionAttributeValues", "ScanIndexForward", "Limit", "ExclusiveStartKey"),
            "ConsistentRead",
            "Select",
        )
        table = self._table(params)
        key = table.indexes[params["IndexName"]] if "IndexName" in params else table.key
        names = params.get("ExpressionAttributeNames", {})
        values = params.get("ExpressionAttributeValues", {})
        text = params["KeyConditionExpression"]
        check_placeholders(names, values, text)
        wanted = condition(text)
        found = [
            item
            for item in self._seen(table, params)
            if all(name in item for name in key) and wanted(item, names, values)
        ]
        order = tuple(dict.fromkeys((*key, *table.key)))
        found.sort(
            key=lambda item: [plain(item[name]) for name in order],
            reverse=not params.get("ScanIndexForward", True),
        )
        page = _paged(found, order, params)
        if params.get("Select") == "COUNT":
            del page["Items"]
        return page

    def _scan(self, params: Params) -> Answer:
        only(params, "TableName", "ConsistentRead", "Limit", "ExclusiveStartKey")
        table = self._table(params)
        found = sorted(self._seen(table, params), key=lambda item: str(table.key_of(item)))
        return _paged(found, table.key, params)

    def _seen(self, table: Table, params: Params) -> Iterable[Item]:
        if params.get("ConsistentRead"):
            return table.items.values()
        return table.as_of(self.now() - self.lag(table.name))

    def _table(self, params: Params) -> Table:
        try:
            return self.tables[params["TableName"]]
        except KeyError:
            raise Refused("ResourceNotFoundException", "Requested resource not found") from None


def cancelled(codes: Iterable[str]) -> Refused:
    """Return the refusal of a transaction, with the reason for each item."""
    return Refused(
        "TransactionCanceledException",
        f"Transaction cancelled, reasons [{', '.join(codes)}]",
        more={"CancellationReasons": [{"Code": code} for code in codes]},
    )


def _check_keys(table: Table, item: Item) -> None:
    """Keys, of indexes as well, are text that is not empty."""
    for name in _key_names(table):
        if name in item and item[name].get("S") == "":
            raise Refused("ValidationException", f"{name} is a key and has an empty value")


def _key_names(table: Table) -> Iterator[str]:
    yield from table.key
    for index in table.indexes.values():
        yield from index


def _paged(found: list[Item], order: Iterable[str], params: Params) -> Answer:
    start = 0
    if given := params.get("ExclusiveStartKey"):
        here = [
            i for i, item in enumerate(found) if all(item.get(n) == v for n, v in given.items())
        ]
        # An item that has gone meanwhile is no place to go on from: its successor is.
        start = here[0] + 1 if here else _after(found, order, params)
    limit = params.get("Limit", len(found) + 1)
    page = found[start : start + limit]
    answer: Answer = {"Items": [dict(item) for item in page], "Count": len(page)}
    answer["ScannedCount"] = len(page)
    if limit and start + limit < len(found) + 1 and page and len(page) == limit:
        answer["LastEvaluatedKey"] = {name: page[-1][name] for name in order}
    return answer


def _after(found: list[Item], order: Iterable[str], params: Params) -> int:
    given, names = (
        params["ExclusiveStartKey"],
        [n for n in order if n in params["ExclusiveStartKey"]],
    )
    mark = [plain(given[name]) for name in names]
    forward = params.get("ScanIndexForward", True)
    for i, item in enumerate(found):
        here = [plain(item[name]) for name in names]
        if (here > mark) if forward else (here < mark):
            return i
    return len(found)
