"""Reads all pages of DynamoDB's answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def items_of(table: Any, operation: str, **request: Any) -> Iterator[dict[str, Any]]:
    """Yield items that a `query` or `scan` of a DynamoDB `Table` resource finds, page by page."""
    pages = table.meta.client.get_paginator(operation).paginate(TableName=table.name, **request)
    for page in pages:
        yield from page["Items"]
