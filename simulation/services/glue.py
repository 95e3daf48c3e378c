"""Glue: runs of jobs, runs of the workflow, and the Data Catalog."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from simulation.services.answers import Answer, Now, Params, Refused, only, play
from wires.run_ledger import ENDED

_PAGE = 100


@dataclass
class Run:
    """One run of a job."""

    job: str
    run_id: str
    arguments: dict[str, str]
    started_at: float
    state: str = "STARTING"
    error: str = ""
    completed_at: float = 0.0
    flow: str = ""
    """The workflow's run that it belongs to."""

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    def told(self) -> Answer:
        answer: Answer = {
            "Id": self.run_id,
            "JobName": self.job,
            "JobRunState": self.state,
            "StartedOn": _moment(self.started_at),
            "Arguments": dict(self.arguments),
            "WorkerType": "G.1X",
            "NumberOfWorkers": 2,
        }
        if self.has_ended:
            answer["CompletedOn"] = _moment(self.completed_at)
            answer["ExecutionTime"] = int(self.completed_at - self.started_at)
        if self.error:
            answer["ErrorMessage"] = self.error
        return answer


@dataclass
class Flow:
    """One run of the workflow."""

    run_id: str
    properties: dict[str, str]
    started_at: float
    status: str = "RUNNING"
    completed_at: float = 0.0
    runs: list[Run] = field(default_factory=list)

    def told(self) -> Answer:
        nodes = [
            {"Type": "JOB", "Name": run.job, "JobDetails": {"JobRuns": [run.told()]}}
            for run in self.runs
        ]
        answer: Answer = {
            "WorkflowRunId": self.run_id,
            "Status": self.status,
            "StartedOn": _moment(self.started_at),
            "WorkflowRunProperties": dict(self.properties),
            "Graph": {"Nodes": nodes},
        }
        if self.status != "RUNNING":
            answer["CompletedOn"] = _moment(self.completed_at)
        return answer


@dataclass
class Glue:
    """Jobs, a workflow, and databases of one account."""

    jobs: Mapping[str, int]
    """Runs of each job that may be at work at once."""
    workflow: str
    databases: dict[str, dict[str, dict[str, Any]]]
    """Tables by database and name."""
    now: Now
    started: Callable[[Run], None] = lambda _: None
    flow_started: Callable[[Flow], None] = lambda _: None
    watch: Callable[[str, str], None] = lambda *_: None
    """Is told of database and name of a table that has changed."""
    runs: dict[str, Run] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    partitions: dict[tuple[str, str, tuple[str, ...]], str] = field(default_factory=dict)
    """Location by database, table and values."""

    def call(self, operation: str, params: Params) -> Answer:
        operations: Mapping[str, Callable[[Params], Answer]] = {
            "StartJobRun": self._start_job_run,
            "GetJobRun": self._get_job_run,
            "GetJobRuns": self._get_job_runs,
            "StartWorkflowRun": self._start_workflow_run,
            "GetWorkflowRun": self._get_workflow_run,
            "GetWorkflowRunProperties": self._get_properties,
            "GetDatabase": self._get_database,
            "GetTable": self._get_table,
            "GetTables": self._get_tables,
            "CreateTable": self._create_table,
            "UpdateTable": self._update_table,
            "DeleteTable": self._delete_table,
            "CreatePartition": self._create_partition,
        }
        return play(operations, operation, params)

    def at_work(self, job: str) -> int:
        return sum(run.job == job and not run.has_ended for run in self.runs.values())

    def run_of(self, job: str, arguments: Mapping[str, str], flow: str = "") -> Run:
        """Make a run; nothing works on it yet."""
        run = Run(job, f"jr_{len(self.runs) + 1:016d}", dict(arguments), self.now(), flow=flow)
        self.runs[run.run_id] = run
        return run

    def _start_job_run(self, params: Params) -> Answer:
        only(params, "JobName", "Arguments", "ExecutionRoleSessionPolicy")
        job = params["JobName"]
        if job not in self.jobs:
            raise _missing(f"Job with name: {job} not found.")
        if self.at_work(job) >= self.jobs[job]:
            raise Refused("ConcurrentRunsExceededException", f"Concurrent runs exceeded for {job}")
        run = self.run_of(job, params.get("Arguments", {}))
        self.started(run)
        return {"JobRunId": run.run_id}

    def _get_job_run(self, params: Params) -> Answer:
        only(params, "JobName", "RunId")
        run = self.runs.get(params["RunId"])
        if run is None or run.job != params["JobName"]:
            raise _missing("Job run not found")
        return {"JobRun": run.told()}

    def _get_job_runs(self, params: Params) -> Answer:
        only(params, "JobName", "NextToken")
        if params["JobName"] not in self.jobs:
            raise _missing("Job not found")
        runs = [run.told() for run in self.runs.values() if run.job == params["JobName"]]
        runs.reverse()
        start = int(params.get("NextToken") or 0)
        answer: Answer = {"JobRuns": runs[start : start + _PAGE]}
        if start + _PAGE < len(runs):
            answer["NextToken"] = str(start + _PAGE)
        return answer

    def _start_workflow_run(self, params: Params) -> Answer:
        only(params, "Name", "RunProperties")
        if params["Name"] != self.workflow:
            raise _missing("Entity not found")
        if any(flow.status == "RUNNING" for flow in self.flows.values()):
            raise Refused("ConcurrentRunsExceededException", "Concurrent workflow runs exceeded")
        flow = Flow(
            f"wr_{len(self.flows) + 1:016d}", dict(params.get("RunProperties", {})), self.now()
        )
        self.flows[flow.run_id] = flow
        self.flow_started(flow)
        return {"RunId": flow.run_id}

    def _get_workflow_run(self, params: Params) -> Answer:
        only(params, "Name", "RunId", "IncludeGraph")
        return {"Run": self._flow(params).told()}

    def _get_properties(self, params: Params) -> Answer:
        only(params, "Name", "RunId")
        return {"RunProperties": dict(self._flow(params).properties)}

    def _flow(self, params: Params) -> Flow:
        if params["Name"] != self.workflow or params["RunId"] not in self.flows:
            raise _missing("Entity not found")
        return self.flows[params["RunId"]]

    def _get_database(self, params: Params) -> Answer:
        only(params, "Name")
        self._database({"DatabaseName": params["Name"]})
        return {"Database": {"Name": params["Name"]}}

    def _get_table(self, params: Params) -> Answer:
        only(params, "DatabaseName", "Name")
        tables = self._database(params)
        if params["Name"] not in tables:
            raise _missing(f"Entity Not Found: table {params['Name']}")
        return {"Table": _copied(tables[params["Name"]])}

    def _get_tables(self, params: Params) -> Answer:
        only(params, "DatabaseName", "NextToken")
        names = sorted(self._database(params))
        start = int(params.get("NextToken") or 0)
        page = names[start : start + _PAGE]
        answer: Answer = {"TableList": [_copied(self._database(params)[name]) for name in page]}
        if start + _PAGE < len(names):
            answer["NextToken"] = str(start + _PAGE)
        return answer

    def _create_table(self, params: Params) -> Answer:
        only(params, "DatabaseName", "TableInput")
        tables, table = self._database(params), params["TableInput"]
        if table["Name"] in tables:
            raise Refused("AlreadyExistsException", "Table already exists.")
        tables[table["Name"]] = self._stored(params, "0")
        self.watch(params["DatabaseName"], table["Name"])
        return {}

    def _update_table(self, params: Params) -> Answer:
        only(params, "DatabaseName", "TableInput", "SkipArchive", "VersionId")
        tables, name = self._database(params), params["TableInput"]["Name"]
        if name not in tables:
            raise _missing("Entity Not Found")
        current = tables[name]["VersionId"]
        if params.get("VersionId", current) != current:
            raise Refused(
                "ConcurrentModificationException",
                "Update table failed due to concurrent modifications.",
            )
        tables[name] = self._stored(params, str(int(current) + 1))
        self.watch(params["DatabaseName"], name)
        return {}

    def _delete_table(self, params: Params) -> Answer:
        only(params, "DatabaseName", "Name")
        if self._database(params).pop(params["Name"], None) is None:
            raise _missing("Entity Not Found")
        return {}

    def _stored(self, params: Params, version: str) -> dict[str, Any]:
        table = {**_copied(params["TableInput"]), "DatabaseName": params["DatabaseName"]}
        return {**table, "VersionId": version}

    def _create_partition(self, params: Params) -> Answer:
        only(params, "DatabaseName", "TableName", "PartitionInput")
        if params["TableName"] not in self._database(params):
            raise _missing("Entity Not Found")
        partition = params["PartitionInput"]
        place = (params["DatabaseName"], params["TableName"], tuple(partition["Values"]))
        if place in self.partitions:
            raise Refused("AlreadyExistsException", "Partition already exists.")
        self.partitions[place] = partition["StorageDescriptor"]["Location"]
        return {}

    def _database(self, params: Params) -> dict[str, dict[str, Any]]:
        try:
            return self.databases[params["DatabaseName"]]
        except KeyError:
            raise _missing(f"Database {params['DatabaseName']} not found.") from None


def _copied(table: Mapping[str, Any]) -> dict[str, Any]:
    """What a client changes in an answer changes nothing in the catalog."""
    found: dict[str, Any] = orjson.loads(orjson.dumps(table))
    return found


def _missing(message: str) -> Refused:
    return Refused("EntityNotFoundException", message)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(int(at), UTC)
