"""Cases run as the job runs a load: uploaded, registered, put into a manifest, processed."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import requests
from moto import mock_aws
from pyspark.sql import SparkSession

from fuzz.here import work_here
from fuzz.programs import Case, Dataset
from fuzz.reading_back import aside_of, table_of
from fuzz.seen import Outcome, Seen
from fuzz.truth import Written
from lake import store
from local_cloud.http.server import HttpServer
from local_cloud.moto_application import MotoApplication
from tests.aws import make_small_aws
from tests.botocore_models import read_models_once
from tests.lakes import Lake
from tests.sessions import aws_environment, spark_session
from wires.manifest import ObjectVersion

_RUNS_PER_LAKE = 20
"""Runs after which an AWS in memory is made anew: it gets slower with what is in it."""
_REASON = 500


@dataclass
class Stage:
    """Runs cases one after the other, each with datasets of its own, whatever they are called."""

    spark: SparkSession
    endpoint: str = ""
    """Endpoint of an AWS that other processes reach; empty for one in this process."""
    _runs: int = 0
    _lake: Lake | None = None
    _open: ExitStack = field(default_factory=ExitStack)

    def run(self, case: Case, written: Mapping[str, Written]) -> Seen:
        """Run a case; `written` has each file by its key in the case."""
        lake = self._fresh_lake()
        renamed = {dataset.name: _renamed(dataset, self._runs) for dataset in case.datasets}
        uploads: dict[str, ObjectVersion] = {}
        died = ""
        for wave in case.waves:
            now = {}
            for dataset in case.datasets:
                for file in dataset.files:
                    if file.wave == wave:
                        key, at = (
                            dataset.key(file),
                            f"2026-01-15T1{wave}:00:{file.number:02d}+00:00",
                        )
                        body = written[key].body
                        now[key] = lake.upload(renamed[dataset.name].key(file), body, at)
            uploads |= now
            try:
                lake.process(*now.values())
            except Exception as error:  # noqa: BLE001 - whatever ends a run is what is looked for
                died = f"{type(error).__name__}: {error}"[:_REASON]
                break
        return self._seen(case, uploads, died)

    def close(self) -> None:
        self._open.close()

    def _fresh_lake(self) -> Lake:
        if self._lake is None or self._runs % _RUNS_PER_LAKE == 0:
            self._open.close()
            store.client.cache_clear()
            if self.endpoint:
                requests.post(f"{self.endpoint}/moto-api/reset", timeout=60)
            else:
                self._open.enter_context(mock_aws())
            self._lake = Lake(make_small_aws(), self.spark)
        self._runs += 1
        return self._lake

    def _seen(self, case: Case, uploads: Mapping[str, ObjectVersion], died: str) -> Seen:
        lake = self._lake
        assert lake is not None  # noqa: S101 - something was run
        if died:
            # What such a run leaves behind must not reach the next one.
            self._lake = None
            return Seen(outcomes={}, tables={}, died=died)
        found = {key: _item(lake, version) for key, version in uploads.items()}
        names = {version.key: key for key, version in uploads.items()}
        tables = {
            dataset.name: table_of(lake.aws, _table_name(dataset, found), names)
            for dataset in case.datasets
        }
        return Seen(
            outcomes={key: _outcome(item) for key, item in found.items()},
            tables=tables,
            aside=aside_of(lake.aws, names),
        )


def _renamed(dataset: Dataset, run: int) -> Dataset:
    return replace(dataset, name=f"{dataset.name}r{run}")


def _item(lake: Lake, version: ObjectVersion) -> dict[str, Any]:
    return lake.state.objects.get(version.key, version.version_id)


def _table_name(dataset: Dataset, found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the table's name as the ledger has it."""
    named = (found[dataset.key(f)].get("dataset") for f in dataset.files if dataset.key(f) in found)
    return str(next(filter(None, named), ""))


def _outcome(item: Mapping[str, Any]) -> Outcome:
    return Outcome(
        status=str(item.get("status", "")),
        reason=str(item.get("reason", "")),
        rows_in=int(item.get("rows_in", 0)),
        rows_published=int(item.get("rows_published", 0)),
        rows_quarantined=int(item.get("rows_quarantined", 0)),
    )


@contextmanager
def stage(*, in_spark: bool = False) -> Iterator[Stage]:
    """Provide everything that a run needs, for as long as the context lasts."""
    read_models_once()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with _in_spark() if in_spark else _in_this_process() as made:
        try:
            yield made
        finally:
            made.close()


@contextmanager
def _in_this_process() -> Iterator[Stage]:
    with _environment(aws_environment("")):
        yield Stage(work_here())
    # Tasks freeze objects for the garbage collector, which is right in a worker alone.
    gc.unfreeze()


@contextmanager
def _in_spark() -> Iterator[Stage]:
    server = HttpServer(MotoApplication(), host="127.0.0.1", port=0)
    endpoint = f"http://127.0.0.1:{server.port}"
    with _environment(aws_environment(endpoint)), spark_session(endpoint) as spark:
        spark.sparkContext.setLogLevel("OFF")
        yield Stage(spark, endpoint)
    server.close()


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.pop("AWS_ENDPOINT_URL", None)
    os.environ.update({name: value for name, value in variables.items() if value})
    try:
        yield
    finally:
        store.client.cache_clear()
        os.environ.clear()
        os.environ.update(before)
