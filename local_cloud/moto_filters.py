"""Gives moto's Lake Formation the filters of cells that it lacks, and grants on them.

https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_CreateDataCellsFilter.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.glue.models import glue_backends
from moto.lakeformation import urls
from moto.lakeformation.exceptions import AlreadyExists, InvalidInput
from moto.lakeformation.responses import LakeFormationResponse

_Key = tuple[str, str, str]
_PAGE = 100
_grant_as_moto_has_it = LakeFormationResponse.grant_permissions


def _missing(what: str) -> JsonRESTError:
    return JsonRESTError("EntityNotFoundException", f"{what} not found.")


def _filters(self: LakeFormationResponse) -> dict[_Key, dict[str, Any]]:
    """Return the filters of the account and region, which moto's backend has room for."""
    backend: Any = self.lakeformation_backend
    if not hasattr(backend, "cells_filters"):
        backend.cells_filters = {}
    found: dict[_Key, dict[str, Any]] = backend.cells_filters
    return found


def _key(named: Mapping[str, Any]) -> _Key:
    return (named["DatabaseName"], named["TableName"], named["Name"])


def create_data_cells_filter(self: LakeFormationResponse) -> str:
    """Make a filter of a table that is there, by columns that it has."""
    data = self._get_param("TableData")
    if _key(data) in _filters(self):
        raise AlreadyExists(f"Data cells filter {data['Name']} already exists.")
    _filters(self)[_key(data)] = _checked(self, data)
    return "{}"


def update_data_cells_filter(self: LakeFormationResponse) -> str:
    data = self._get_param("TableData")
    if _key(data) not in _filters(self):
        raise _missing(f"Data cells filter {data['Name']}")
    _filters(self)[_key(data)] = _checked(self, data)
    return "{}"


def delete_data_cells_filter(self: LakeFormationResponse) -> str:
    named = {name: self._get_param(name) for name in ("DatabaseName", "TableName", "Name")}
    if _filters(self).pop(_key(named), None) is None:
        raise _missing(f"Data cells filter {named['Name']}")
    return "{}"


def get_data_cells_filter(self: LakeFormationResponse) -> str:
    named = {name: self._get_param(name) for name in ("DatabaseName", "TableName", "Name")}
    found = _filters(self).get(_key(named))
    if found is None:
        raise _missing(f"Data cells filter {named['Name']}")
    return json.dumps({"DataCellsFilter": found})


def list_data_cells_filter(self: LakeFormationResponse) -> str:
    """Tell all filters, or those of one table, page by page."""
    table = self._get_param("Table")
    found = [
        one
        for key, one in sorted(_filters(self).items())
        if not table or key[:2] == (table["DatabaseName"], table["Name"])
    ]
    first = int(self._get_param("NextToken") or 0)
    following = first + int(self._get_param("MaxResults") or _PAGE)
    more = {"NextToken": str(following)} if following < len(found) else {}
    return json.dumps({"DataCellsFilters": found[first:following], **more})


def grant_permissions(self: LakeFormationResponse) -> str:
    """Refuse grants on filters that are not there, which moto takes."""
    named = self._get_param("Resource").get("DataCellsFilter")
    if named and _key(named) not in _filters(self):
        raise _missing(f"Data cells filter {named['Name']}")
    return _grant_as_moto_has_it(self)


def _checked(self: LakeFormationResponse, data: dict[str, Any]) -> dict[str, Any]:
    """Return a filter as Lake Formation keeps it. Raises InvalidInput where it would."""
    columns = _columns(self, data)
    only, wildcard = data.get("ColumnNames"), data.get("ColumnWildcard")
    if bool(only) is (wildcard is not None):
        raise InvalidInput("Either ColumnNames or ColumnWildcard must be specified.")
    excluded = (wildcard or {}).get("ExcludedColumnNames") or []
    if unknown := [one for one in (only or excluded) if one not in columns]:
        raise InvalidInput(f"Columns {', '.join(unknown)} do not exist in the table.")
    rows = data.get("RowFilter") or {}
    if ("AllRowsWildcard" in rows) is bool(rows.get("FilterExpression")):
        raise InvalidInput("Either FilterExpression or AllRowsWildcard must be specified.")
    if len(rows.get("FilterExpression", "")) > 2048:
        raise InvalidInput("FilterExpression is too long.")
    return {**data, "VersionId": "1"}


def _columns(self: LakeFormationResponse, data: Mapping[str, Any]) -> set[str]:
    glue = glue_backends[self.current_account][self.region]
    # moto's own error is of another service.
    database = glue.databases.get(data["DatabaseName"])
    table = database and database.tables.get(data["TableName"])
    if not table:
        raise _missing(f"Table {data['TableName']}")
    told = table.as_dict()
    columns = [*told["StorageDescriptor"]["Columns"], *(told.get("PartitionKeys") or ())]
    return {column["Name"] for column in columns}


_OPERATIONS: Mapping[str, Callable[[LakeFormationResponse], str]] = {
    "create_data_cells_filter": create_data_cells_filter,
    "delete_data_cells_filter": delete_data_cells_filter,
    "get_data_cells_filter": get_data_cells_filter,
    "grant_permissions": grant_permissions,
    "list_data_cells_filter": list_data_cells_filter,
    "update_data_cells_filter": update_data_cells_filter,
}
_PATHS = {
    f"{{0}}/{operation}DataCellsFilter$": urls.response.dispatch
    for operation in ("Create", "Delete", "Get", "Update")
}
FILTERS: Sequence[tuple[Any, str, object]] = (
    *((LakeFormationResponse, name, answer) for name, answer in _OPERATIONS.items()),
    (urls, "url_paths", {**urls.url_paths, **_PATHS}),
)
"""What of moto is replaced: where, by which name, with what."""
