"""The named queries of Athena."""

from __future__ import annotations

from collections.abc import Iterable

import aws_cdk.aws_athena as athena
from constructs import Construct

from config.named_queries import NamedQuery


class NamedQueries(Construct):
    """Queries that people find in the workgroup by name, for each table that a contract declares.

    A changed contract replaces them; what somebody has saved beside them stays.
    """

    def __init__(
        self, scope: Construct, id: str, *, queries: Iterable[NamedQuery], workgroup: str
    ) -> None:
        super().__init__(scope, id)
        for query in queries:
            athena.CfnNamedQuery(
                self,
                query_id(query),
                name=query.name,
                description=query.about,
                database=query.database,
                query_string=query.sql,
                work_group=workgroup,
            )


def query_id(query: NamedQuery) -> str:
    """Return the id of a query among all."""
    words = f"{query.table}_{query.kind}".replace(" ", "_").split("_")
    return "".join(word[:1].upper() + word[1:] for word in words)
