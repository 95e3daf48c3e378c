"""Reads hazardous files with both readers, and keeps what is seen."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from benchmarks.convert_files import convert_files
from benchmarks.hazards.files import CONTROL, Hazard
from lake.columns.schema import CONSTANT_COLUMNS
from lake.errors import LakeError

_TARGET_FILE_BYTES = 128 * 1024 * 1024
_ABOUT_SPARK_ITSELF = frozenset({"DAGScheduler", "SparkStringUtils"})
"""Sources of warnings of large plans and tasks, not of the data."""
_SPARK_ERRORS = (PySparkException, Py4JJavaError)
_WARNING = re.compile(r"^\d\d/\d\d/\d\d [\d:]{8} WARN (\w+): (.*)$")


@dataclass(frozen=True, kw_only=True)
class Observed:
    """The result of reading a hazard."""

    columns: Sequence[tuple[str, str]] = ()
    """Names and types of what was written."""
    rows: Sequence[Sequence[Any]] = ()
    error: str = ""
    """The error that ended it."""
    warnings: Sequence[str] = ()
    quarantined: Sequence[Mapping[str, Any]] = ()
    """Rows that were put aside, each with line, reason and raw text."""
    refused: Sequence[str] = ()
    """Reasons why whole files were not published."""


class Observer:
    """Runs each hazard in a folder of its own."""

    def __init__(self, spark: SparkSession, *, folder: Path, log: Path) -> None:
        self._spark = spark
        self._folder = folder
        self._log = log
        self._ignored = _ABOUT_SPARK_ITSELF | self._warning_of_anything()

    def plain_spark(self, hazard: Hazard, name: str) -> Observed:
        """Observe a Spark job that reads, infers types and writes Parquet."""
        folder = _write(hazard, self._folder / name)
        out = self._folder / f"{name}-plain"
        start = self._log.stat().st_size
        try:
            self._plain_job(hazard, folder, out)
        except _SPARK_ERRORS as error:
            return Observed(error=_cause(error, folder))
        warnings = [
            text
            for source, text in _warnings(self._log, start, folder)
            if source not in self._ignored
        ]
        return _read(out, warnings=tuple(dict.fromkeys(warnings)))

    def this_reader(self, hazard: Hazard, name: str) -> Observed:
        """Observe `convert_files`."""
        folder = _write(hazard, self._folder / name)
        out = self._folder / f"{name}-lake"
        asked = [hazard.asked] if hazard.asked else sorted(hazard.files)
        try:
            report = convert_files(
                self._spark,
                [f"file://{folder / file}" for file in asked],
                out=f"file://{out}",
                target_file_bytes=_TARGET_FILE_BYTES,
            )
        except (LakeError, *_SPARK_ERRORS) as error:
            return Observed(error=_cause(error, folder))
        refused = [
            f"{outcome.status}: {outcome.reason}"
            for outcome in report.outcomes
            if not outcome.rows_published
        ]
        return _read(
            out / "processed",
            quarantined=tuple(_quarantined(out / "quarantine" / "rows")),
            refused=tuple(refused),
        )

    def _plain_job(self, hazard: Hazard, folder: Path, out: Path) -> None:
        reader = self._spark.read.option("header", "true")
        options = dict(hazard.options)
        schema = options.pop("schema", None)
        reader = reader.schema(schema) if schema else reader.option("inferSchema", "true")
        only = hazard.asked or (next(iter(hazard.files)) if len(hazard.files) == 1 else "")
        reader.options(**options).csv(str(folder / only)).write.parquet(str(out))

    def _warning_of_anything(self) -> frozenset[str]:
        """Return the sources of warnings that come even where there is nothing to warn of."""
        folder = _write(CONTROL, self._folder / "control")
        self._plain_job(CONTROL, folder, self._folder / "control-plain")
        return frozenset(source for source, _ in _warnings(self._log, 0, folder))


@contextmanager
def errors_into(log: Path) -> Iterator[None]:
    """Send standard error of this process and of the Java process that it starts to a file."""
    kept = os.dup(2)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _write(hazard: Hazard, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in hazard.files.items():
        (folder / name).write_bytes(content)
    return folder


def _read(
    folder: Path,
    *,
    warnings: tuple[str, ...] = (),
    quarantined: tuple[Mapping[str, Any], ...] = (),
    refused: tuple[str, ...] = (),
) -> Observed:
    """Return all Parquet below a folder as one table, without the metadata columns."""
    paths = sorted(folder.rglob("*.parquet"))
    tables = [pq.ParquetFile(path).read() for path in paths]
    found = pa.concat_tables(tables, promote_options="default") if tables else pa.table({})
    keep = [name for name in found.schema.names if name not in CONSTANT_COLUMNS]
    # By position, because names may be there twice.
    columns = [found.column(found.schema.names.index(name)) for name in keep]
    return Observed(
        columns=[(name, str(column.type)) for name, column in zip(keep, columns, strict=True)],
        rows=list(zip(*(column.to_pylist() for column in columns), strict=True)),
        warnings=warnings,
        quarantined=quarantined,
        refused=refused,
    )


def _quarantined(folder: Path) -> Iterator[Mapping[str, Any]]:
    for path in sorted(folder.rglob("*.json*")):
        with path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def _warnings(log: Path, start: int, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the source and the text of each warning."""
    with log.open("rb") as file:
        file.seek(start)
        text = file.read().decode(errors="replace")
    for line in text.splitlines():
        if found := _WARNING.match(line):
            yield found[1], _without_folder(found[2], folder)


def _cause(error: Exception, folder: Path) -> str:
    """Return the message that says why, without the stack and without names of machines."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    causes = [line.partition("Caused by: ")[2] for line in lines if "Caused by: " in line]
    if isinstance(error, Py4JJavaError):
        causes = causes or [str(error.java_exception)]
    return _without_folder((causes or lines)[-1 if causes else 0], folder)


def _without_folder(text: str, folder: Path) -> str:
    text = re.sub(rf"(file:(//)?)?{re.escape(str(folder))}/?", "", text)
    return re.sub(r"\(\S+ executor driver\)", "", text)
