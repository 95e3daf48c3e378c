"""DynamoDB's `Table` resources, as thin as the ledgers need them.

Nine in ten calls of the control plane go to DynamoDB, and boto3's resources cost ten times more
than what is played behind them. Types and conditions are still turned by boto3's own code; a test
holds the whole to a real resource on moto.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from boto3.dynamodb.conditions import ConditionBase, ConditionExpressionBuilder
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from simulation.services.answers import NotPlayed, Refused

Send = Callable[[str, dict[str, Any]], dict[str, Any]]
"""`send(operation, parameters)`; raises Refused."""
_read = TypeDeserializer().deserialize
_spell = TypeSerializer().serialize
_VALUES = ("Item", "Key", "ExpressionAttributeValues", "ExclusiveStartKey")
_CONDITIONS = ("ConditionExpression", "KeyConditionExpression")


@dataclass(frozen=True)
class Meta:
    client: Client


@dataclass(frozen=True)
class Client:
    """The part of a client that ledgers use beside a table's own methods."""

    send: Send
    exceptions: Any

    def get_item(self, **request: Any) -> dict[str, Any]:
        answer = self.call("GetItem", _spelled(request))
        return {"Item": plain_item(answer["Item"])} if "Item" in answer else {}

    def put_item(self, **request: Any) -> dict[str, Any]:
        return self.call("PutItem", _spelled(request))

    def transact_write_items(self, *, TransactItems: list[Any]) -> dict[str, Any]:  # noqa: N803
        items = [
            {kind: _spelled(request) for kind, request in item.items()} for item in TransactItems
        ]
        # botocore gives each call a token, which its own retries repeat.
        token = str(uuid.uuid4())
        return self.call(
            "TransactWriteItems", {"TransactItems": items, "ClientRequestToken": token}
        )

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803
        asked = {
            name: {**wanted, "Keys": [_values(key) for key in wanted["Keys"]]}
            for name, wanted in RequestItems.items()
        }
        answer = self.call("BatchGetItem", {"RequestItems": asked})
        found = {
            name: [plain_item(item) for item in items]
            for name, items in answer["Responses"].items()
        }
        return {**answer, "Responses": found}

    def get_paginator(self, operation: str) -> Pages:
        if operation not in ("query", "scan"):
            raise NotPlayed(f"pages of {operation}")
        return Pages(self, operation.capitalize())

    def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        try:
            return self.send(operation, params)
        except Refused as refused:
            error = self.exceptions.from_code(refused.code)
            raise error(refused.answer(), operation) from None


@dataclass(frozen=True)
class Pages:
    client: Client
    operation: str

    def paginate(
        self,
        *,
        PaginationConfig: Mapping[str, int] | None = None,  # noqa: N803 - as boto3 has it
        **request: Any,
    ) -> Iterator[dict[str, Any]]:
        limits = PaginationConfig or {}
        left = limits.get("MaxItems")
        if "PageSize" in limits:
            request["Limit"] = limits["PageSize"]
        params = _spelled(request)
        while True:
            answer = self.client.call(self.operation, params)
            items = [plain_item(item) for item in answer.get("Items", ())[:left]]
            yield {**answer, "Items": items}
            left = None if left is None else left - len(items)
            if "LastEvaluatedKey" not in answer or left == 0:
                return
            params = {**params, "ExclusiveStartKey": answer["LastEvaluatedKey"]}


@dataclass(frozen=True)
class Table:
    """One table."""

    name: str
    client: Client

    @property
    def meta(self) -> Meta:
        return Meta(self.client)

    def get_item(self, **request: Any) -> dict[str, Any]:
        return self.client.get_item(TableName=self.name, **request)

    def put_item(self, **request: Any) -> dict[str, Any]:
        return self.client.put_item(TableName=self.name, **request)

    def update_item(self, **request: Any) -> dict[str, Any]:
        return self._call("UpdateItem", request)

    def delete_item(self, **request: Any) -> dict[str, Any]:
        return self._call("DeleteItem", request)

    def _call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        return self.client.call(operation, {"TableName": self.name, **_spelled(request)})


@dataclass(frozen=True)
class Tables:
    """The service resource."""

    client: Client
    _known: dict[str, Table] = field(default_factory=dict)

    def Table(self, name: str) -> Table:  # noqa: N802 - boto3's name
        return self._known.setdefault(name, Table(name, self.client))

    @cached_property
    def meta(self) -> Meta:
        return Meta(self.client)


def plain_item(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _read(value) for name, value in item.items()}


def _spelled(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters with typed values, and conditions as text."""
    found = dict(request)
    for name in _VALUES:
        if name in found:
            found[name] = _values(found[name])
    for name in _CONDITIONS:
        condition = found.get(name)
        if isinstance(condition, ConditionBase):
            built = ConditionExpressionBuilder().build_expression(
                condition, is_key_condition=name == "KeyConditionExpression"
            )
            found[name] = built.condition_expression
            names = {**found.get("ExpressionAttributeNames", {})}
            values = {**found.get("ExpressionAttributeValues", {})}
            names |= built.attribute_name_placeholders
            values |= _values(built.attribute_value_placeholders)
            for key, content in (("Names", names), ("Values", values)):
                if content:
                    found[f"ExpressionAttribute{key}"] = content
    return found


def _values(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _spell(value) for name, value in item.items()}
