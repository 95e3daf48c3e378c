"""Filters and grants as they stand in Lake Formation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config.reader_filters import CellsFilter

EVERYBODY = ("IAM_ALLOWED_PRINCIPALS", "{account}:IAMPrincipals")
"""Those who stand for whoever IAM lets, and for everybody in the account: groups are in both.

https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html
"""
_SELECT = "SELECT"
_PAGE = 100


@dataclass(frozen=True, kw_only=True, order=True)
class Place:
    """A table's filter for one group."""

    database: str
    table: str
    group: str

    @classmethod
    def of(cls, wanted: CellsFilter) -> Place:
        return cls(database=wanted.database, table=wanted.table, group=wanted.group)

    def __str__(self) -> str:
        return f"{self.database}.{self.table} for {self.group}"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a filter leaves of a table."""

    only: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    expression: str = ""

    @classmethod
    def of(cls, wanted: CellsFilter) -> Seen:
        return cls(
            only=tuple(sorted(wanted.only)),
            excluded=tuple(sorted(wanted.excluded)),
            expression=wanted.expression,
        )

    @classmethod
    def told(cls, answer: Mapping[str, Any]) -> Seen:
        """Read what Lake Formation says of a filter."""
        rows, wildcard = answer.get("RowFilter") or {}, answer.get("ColumnWildcard") or {}
        return cls(
            only=tuple(sorted(answer.get("ColumnNames") or ())),
            excluded=tuple(sorted(wildcard.get("ExcludedColumnNames") or ())),
            expression="" if "AllRowsWildcard" in rows else rows.get("FilterExpression", ""),
        )

    def __str__(self) -> str:
        columns = ", ".join(self.only) or "all columns"
        without = f" but {', '.join(self.excluded)}" if self.excluded else ""
        rows = f"rows where {self.expression}" if self.expression else "all rows"
        return f"{columns}{without}, {rows}"


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What somebody may do with something, and what of it they may grant to others."""

    whom: str
    resource: Mapping[str, Any]
    permissions: frozenset[str]
    hands_on: frozenset[str]

    @property
    def shows_data(self) -> bool:
        """Whether it is more than to find databases and tables."""
        finds = "Database" in self.resource or "Table" in self.resource
        return not finds or bool(self.hands_on) or not self.permissions <= {"DESCRIBE"}

    @property
    def database(self) -> str:
        """The database that it is about; "" for other things."""
        for named in self.resource.values():
            if isinstance(named, Mapping) and "DatabaseName" in named:
                return str(named["DatabaseName"])
        return str(self.resource.get("Database", {}).get("Name", ""))

    def __str__(self) -> str:
        return f"{', '.join(sorted(self.permissions | self.hands_on))} on {dict(self.resource)}"


@dataclass(frozen=True, kw_only=True)
class LakeFormation:
    """Filters of one account's tables whose names begin as those of groups do."""

    client: Any
    account: str
    prefix: str

    def filters(self) -> Iterator[tuple[Place, Seen]]:
        for one in self._paged("list_data_cells_filter", "DataCellsFilters"):
            if one["Name"].startswith(self.prefix):
                yield self.place_of(one), Seen.told(one)

    def grants(self) -> Iterator[Grant]:
        """Yield what has been granted to anybody; one principal's cannot be asked for alone."""
        for one in self._paged(
            "list_permissions", "PrincipalResourcePermissions", CatalogId=self.account
        ):
            yield Grant(
                whom=one["Principal"]["DataLakePrincipalIdentifier"],
                resource=one["Resource"],
                permissions=frozenset(one.get("Permissions", ())),
                hands_on=frozenset(one.get("PermissionsWithGrantOption", ())),
            )

    def place_of(self, named: Mapping[str, Any]) -> Place:
        """Return the place of a filter of ours, by what Lake Formation calls it."""
        return Place(
            database=named["DatabaseName"],
            table=named["TableName"],
            group=named["Name"].removeprefix(self.prefix),
        )

    def granted_place(self, grant: Grant) -> Place | None:
        """Return the place of the filter of ours that a grant is about; None for anything else."""
        named = grant.resource.get("DataCellsFilter")
        is_ours = named and str(named["Name"]).startswith(self.prefix)
        return self.place_of(named) if named and is_ours else None

    def create(self, place: Place, seen: Seen) -> None:
        self.client.create_data_cells_filter(TableData=self._data(place, seen))

    def update(self, place: Place, seen: Seen) -> None:
        self.client.update_data_cells_filter(TableData=self._data(place, seen))

    def delete(self, place: Place) -> None:
        self.client.delete_data_cells_filter(**self._named(place))

    def grant(self, place: Place, role: str) -> None:
        self.client.grant_permissions(**self._permission(place, role))

    def revoke(self, place: Place, role: str) -> None:
        self.client.revoke_permissions(**self._permission(place, role))

    def _paged(self, operation: str, items: str, **asked: Any) -> Iterator[Mapping[str, Any]]:
        following: dict[str, str] = {}
        while True:
            page = getattr(self.client, operation)(MaxResults=_PAGE, **asked, **following)
            yield from page.get(items, ())
            if not page.get("NextToken"):
                return
            following = {"NextToken": page["NextToken"]}

    def _named(self, place: Place) -> dict[str, str]:
        return {
            "TableCatalogId": self.account,
            "DatabaseName": place.database,
            "TableName": place.table,
            "Name": f"{self.prefix}{place.group}",
        }

    def _data(self, place: Place, seen: Seen) -> dict[str, Any]:
        return {
            **self._named(place),
            "RowFilter": {"FilterExpression": seen.expression}
            if seen.expression
            else {"AllRowsWildcard": {}},
            **(
                {"ColumnNames": list(seen.only)}
                if seen.only
                else {"ColumnWildcard": {"ExcludedColumnNames": list(seen.excluded)}}
            ),
        }

    def _permission(self, place: Place, role: str) -> dict[str, Any]:
        return {
            "CatalogId": self.account,
            "Principal": {"DataLakePrincipalIdentifier": role},
            "Resource": {"DataCellsFilter": self._named(place)},
            "Permissions": [_SELECT],
        }
