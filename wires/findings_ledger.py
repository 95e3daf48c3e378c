"""What people have been told that reconciliation has found: one item of the state table."""

from __future__ import annotations

from typing import Any

from wires.layout import told_findings


class FindingsLedger:
    """Reads and writes the item through a DynamoDB `Table` resource."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def told(self) -> str:
        """Return the fingerprint of the findings that people know of; "" if they know of none."""
        answer = self._table.get_item(Key=dict(told_findings()), ConsistentRead=True)
        return str(answer.get("Item", {}).get("fingerprint", ""))

    def tell(self, fingerprint: str) -> None:
        """Note what people have been told; "" for nothing that is left."""
        self._table.put_item(Item={**told_findings(), "fingerprint": fingerprint})
