"""Permissions that calls of DynamoDB need.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from local_cloud.access.call import AwsCall
from local_cloud.access.facts import Facts
from local_cloud.access.needs.encryption import DECRYPT, of_key
from local_cloud.access.needs.need import Need, UnknownCall
from local_cloud.iam.requests import Values

Item = Mapping[str, Mapping[str, Any]]
_OF_ONE_ITEM = {"GetItem": "Key", "PutItem": "Item", "UpdateItem": "Key", "DeleteItem": "Key"}
"""Operations on one item, and the parameter that has its key."""
_IN_TRANSACTIONS = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}
_OF_TABLES = frozenset({"CreateTable", "DeleteTable", "DescribeTable", "UpdateTable"})
_EQUALITY = re.compile(r"(?P<name>#?[\w.-]+)\s*=\s*(?P<value>:[\w.-]+)")


def needs(call: AwsCall, facts: Facts) -> list[Need]:
    """Return what a call needs. Raises UnknownCall."""
    found = list(_needs(call.operation, call.parameters, facts))
    tables = dict.fromkeys(need.resource.split("/")[1] for need in found)
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html
    if call.operation not in _OF_TABLES:
        for table in tables:
            encryption = facts.encryption_of_table(table)
            found += of_key(encryption, DECRYPT, via="dynamodb", facts=facts)
    return found


def _needs(operation: str, given: Mapping[str, Any], facts: Facts) -> Iterator[Need]:
    if operation in _OF_ONE_ITEM:
        item: Item = given[_OF_ONE_ITEM[operation]]
        yield _need(operation, given["TableName"], [item], facts, _settings(given))
    elif operation in ("Query", "Scan"):
        yield _of_query(operation, given, facts)
    elif operation in ("BatchGetItem", "BatchWriteItem"):
        for table, asked in given["RequestItems"].items():
            items = asked["Keys"] if operation == "BatchGetItem" else list(_written(asked))
            yield _need(operation, table, items, facts, _settings(given))
    elif operation in ("TransactWriteItems", "TransactGetItems"):
        yield from _of_transaction(operation, given, facts)
    elif operation in _OF_TABLES:
        yield Need(action=f"dynamodb:{operation}", resource=_arn(given["TableName"], facts))
    else:
        raise UnknownCall(operation)


def _of_transaction(operation: str, given: Mapping[str, Any], facts: Facts) -> Iterator[Need]:
    """Yield what each item needs: an action for whole transactions does not exist.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
    """
    for one in given["TransactItems"]:
        ((kind, request),) = one.items()
        item: Item = request.get("Key") or request["Item"]
        keys = {**_settings(request), "dynamodb:EnclosingOperation": (operation,)}
        yield _need(_IN_TRANSACTIONS[kind], request["TableName"], [item], facts, keys)


def _of_query(operation: str, given: Mapping[str, Any], facts: Facts) -> Need:
    table, index = _name(given["TableName"]), given.get("IndexName", "")
    arn = _arn(table, facts) + (f"/index/{index}" if index else "")
    keys = dict(_settings(given))
    key = facts.partition_key(table, index)
    asked = _asked_for(given, key) if operation == "Query" else None
    if asked is not None:
        keys["dynamodb:LeadingKeys"] = (asked,)
    return Need(action=f"dynamodb:{operation}", resource=arn, keys=keys)


def _asked_for(given: Mapping[str, Any], key: str) -> str | None:
    """Return the value of the partition key that a query asks for."""
    if key in given.get("KeyConditions", {}):
        return _value(given["KeyConditions"][key]["AttributeValueList"][0])
    names = given.get("ExpressionAttributeNames", {})
    for found in _EQUALITY.finditer(given.get("KeyConditionExpression", "")):
        if names.get(found["name"], found["name"]) == key:
            return _value(given["ExpressionAttributeValues"][found["value"]])
    return None


def _need(
    operation: str, table: str, items: Sequence[Item], facts: Facts, keys: Mapping[str, Values]
) -> Need:
    key = facts.partition_key(_name(table))
    leading = tuple(dict.fromkeys(_value(item[key]) for item in items if key in item))
    return Need(
        action=f"dynamodb:{operation}",
        resource=_arn(table, facts),
        keys={**keys, **({"dynamodb:LeadingKeys": leading} if leading else {})},
    )


def _settings(given: Mapping[str, Any]) -> Mapping[str, Values]:
    """Return condition keys that are parameters of a request."""
    named = {f"dynamodb:{n}": given.get(n) for n in ("ReturnValues", "Select")}
    return {name: (str(value),) for name, value in named.items() if value is not None}


def _written(requests: Iterable[Mapping[str, Any]]) -> Iterator[Item]:
    for request in requests:
        yield (
            request["PutRequest"]["Item"]
            if "PutRequest" in request
            else (request["DeleteRequest"]["Key"])
        )


def _value(attribute: Mapping[str, Any]) -> str:
    """Return a key's value as conditions have it: text, a number's digits, or base64."""
    (value,) = attribute.values()
    return str(value)


def _name(table: str) -> str:
    """Return the name of a table, which requests may name by its ARN."""
    return table.rpartition("/")[2]


def _arn(table: str, facts: Facts) -> str:
    return facts.arn("dynamodb", f"table/{_name(table)}")
