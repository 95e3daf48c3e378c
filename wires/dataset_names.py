"""The owners of dataset names, kept as items of the state table."""

from __future__ import annotations

from typing import Any

from boto3.dynamodb.conditions import Attr

from wires.layout import PARTITION_KEY, dataset_owner


class DatasetNames:
    """Gives each name to its first owner for good, so a name is looked up only once."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self._owners: dict[str, str] = {}
        self._conflict = table.meta.client.exceptions.ConditionalCheckFailedException

    def claim(self, name: str, owner: str) -> str:
        """Return the owner of `name`, which is the given one if it had none before."""
        if name not in self._owners:
            self._owners[name] = self._claimed(name, owner)
        return self._owners[name]

    def _claimed(self, name: str, owner: str) -> str:
        item = dict(dataset_owner(name))
        try:
            self._table.put_item(
                Item={**item, "owner": owner}, ConditionExpression=Attr(PARTITION_KEY).not_exists()
            )
        except self._conflict:
            answer = self._table.get_item(Key=item, ConsistentRead=True)
            return str(answer["Item"]["owner"])
        return owner
