"""Permissions that calls of Glue need.

An action on a table is judged on its database and on the catalog as well.

https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from local_cloud.access.call import AwsCall
from local_cloud.access.facts import Facts
from local_cloud.access.needs.need import Need, UnknownCall

_OF_TABLES = frozenset(
    {
        "BatchCreatePartition",
        "BatchDeletePartition",
        "BatchDeleteTable",
        "BatchGetPartition",
        "BatchUpdatePartition",
        "CreatePartition",
        "CreateTable",
        "DeletePartition",
        "DeleteTable",
        "GetPartition",
        "GetPartitions",
        "GetTable",
        "GetTables",
        "GetTableVersion",
        "GetTableVersions",
        "UpdatePartition",
        "UpdateTable",
    }
)
_OF_DATABASES = frozenset({"CreateDatabase", "DeleteDatabase", "GetDatabase", "UpdateDatabase"})
_NAMED: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "BatchStopJobRun",
            "GetJob",
            "GetJobBookmark",
            "GetJobRun",
            "GetJobRuns",
            "ResetJobBookmark",
            "StartJobRun",
        ),
        "job",
    ),
    **dict.fromkeys(
        (
            "GetWorkflow",
            "GetWorkflowRun",
            "GetWorkflowRunProperties",
            "GetWorkflowRuns",
            "PutWorkflowRunProperties",
            "ResumeWorkflowRun",
            "StartWorkflowRun",
            "StopWorkflowRun",
        ),
        "workflow",
    ),
    **dict.fromkeys(("GetCrawler", "StartCrawler", "StopCrawler"), "crawler"),
    **dict.fromkeys(("GetTrigger", "StartTrigger", "StopTrigger"), "trigger"),
    **dict.fromkeys(("GetConnection",), "connection"),
}
"""Operations on something with a name, and its kind in ARNs."""
_WITHOUT_RESOURCE = frozenset(
    {"GetCrawlers", "GetJobs", "GetSecurityConfiguration", "GetTriggers", "ListJobs"}
)


def needs(call: AwsCall, facts: Facts) -> list[Need]:
    """Return what a call needs. Raises UnknownCall."""
    return [
        Need(
            action=f"glue:{call.operation}",
            resource=name if name == "*" else facts.arn("glue", name),
        )
        for name in _resources(call.operation, call.parameters)
    ]


def _resources(operation: str, given: Mapping[str, Any]) -> Iterator[str]:
    if operation in _WITHOUT_RESOURCE:
        yield "*"
    elif operation in _NAMED:
        kind = _NAMED[operation]
        if kind == "connection":
            yield "catalog"
        yield f"{kind}/{given.get('Name') or given[f'{kind.capitalize()}Name']}"
    elif operation == "GetDatabases":
        yield "catalog"
        yield "database/*"
    elif operation in _OF_DATABASES:
        yield "catalog"
        yield f"database/{_database(given)}"
    elif operation in _OF_TABLES:
        yield "catalog"
        yield f"database/{given['DatabaseName']}"
        yield from (f"table/{given['DatabaseName']}/{table}" for table in _tables(given))
    else:
        raise UnknownCall(operation)


def _database(given: Mapping[str, Any]) -> str:
    return str(given.get("Name") or given.get("DatabaseInput", {}).get("Name"))


def _tables(given: Mapping[str, Any]) -> list[str]:
    """Return the tables that a request names; `*` for a request about all of a database."""
    if "TablesToDelete" in given:
        return [str(name) for name in given["TablesToDelete"]]
    named = given.get("TableName") or given.get("Name") or given.get("TableInput", {}).get("Name")
    return [str(named or "*")]
