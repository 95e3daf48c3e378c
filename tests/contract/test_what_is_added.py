"""What holds of the shipped templates holds with a job, sources and streams that somebody adds."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from config.environments import load_environments
from tests.contract.clones import cloned, run
from tests.contract.test_a_new_job import add_job
from tests.contract.test_a_new_stream import SOURCES as STREAMS

pytestmark = pytest.mark.slow

_PROJECT = load_environments().project
_CURSOR = {"type": "timestamp", "field": "at", "start": "2026-01-15", "overlap": 3600}
_SOURCES = {
    "events_api": {
        "kind": "api",
        "dataset": "events",
        "secret": f"{_PROJECT}/events-api",
        "schedule": "cron(10 * * * ? *)",
        "cursor": _CURSOR,
        "api": {
            "url": "https://api.example.com/events",
            "records": "items",
            "since": "since",
            "until": "until",
            "pagination": {"kind": "page", "parameter": "page"},
            "authentication": {"kind": "bearer"},
        },
    },
    "sales_db": {
        "kind": "database",
        "dataset": "sales",
        "secret": f"{_PROJECT}/sales-db",
        "schedule": "cron(20 * * * ? *)",
        "cursor": _CURSOR,
        "database": {"engine": "postgresql", "table": "sales"},
    },
    **STREAMS,
}
_CONTRACTS = ("events", "sales")
OF_WHAT_IS_SHIPPED = (
    "unused",
    "used",
    "logical_id",
    "way_in",
    "test_alarms",
    "names_another_one",  # the cluster's ARN names the account of dev
    "keeps_the_function",
)
"""Words in the names of tests of permissions, ids, queues and numbers of alarms of the shipped
configuration."""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = cloned(tmp_path / "clone")
    add_job(folder)
    for name, source in _SOURCES.items():
        text = yaml.safe_dump({"name": name, **source})
        (folder / "config" / "sources" / f"{name}.yaml").write_text(text)
    for name in _CONTRACTS:
        text = yaml.safe_dump({"name": name, "primary_key": ["id"], "latest_by": ["at"]})
        (folder / "config" / "datasets" / f"{name}.yaml").write_text(text)
    return folder


def test_all_that_holds_of_the_shipped_templates_holds_with_it(clone: Path) -> None:
    """Exports, roles, grants, alarms, arguments, schemas and the page of resources."""
    tests = ["tests/contract", "tests/infra_app", "tests/glue_app"]
    others = " and ".join(f"not {word}" for word in OF_WHAT_IS_SHIPPED)
    run(clone, "-m", "pytest", "-q", "-m", "not slow", "-k", others, "-p", "no:randomly", *tests)
