"""Where the catalog's databases and tables are, for policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk
import aws_cdk.aws_glue as glue

from delivery.audit import ref_in_findings


@dataclass(frozen=True)
class CatalogPlaces:
    """ARNs by which Glue asks whether somebody may see databases, and all tables in them."""

    of: Sequence[glue.IDatabase]

    @property
    def databases(self) -> list[str]:
        return [self._arn("catalog"), *(self._arn(f"database/{name}") for name in self._names)]

    @property
    def tables(self) -> list[str]:
        """Return those of tables, and of what they are in: Glue asks for all of them."""
        return [*self.databases, *(self._arn(f"table/{name}/*") for name in self._names)]

    @property
    def wildcards(self) -> list[str]:
        """Return those with a wildcard, as findings spell them."""
        return [self._arn(f"table/{ref_in_findings(one)}/*") for one in self.of]

    @property
    def _names(self) -> list[str]:
        return [one.database_name for one in self.of]

    def _arn(self, name: str) -> str:
        return cdk.Stack.of(self.of[0]).format_arn(
            service="glue", resource=name, arn_format=cdk.ArnFormat.NO_RESOURCE_NAME
        )
