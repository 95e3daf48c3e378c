"""Reports as rows of three tables. docs/quality-reports.md lists their columns."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.parquet as pq

from quality.verdicts import Verdict
from quality_report.report import QualityReport
from quality_report.score import Dimension, dimension_of

_RUN = (
    pa.field("model", pa.string(), nullable=False),
    pa.field("run_id", pa.string(), nullable=False),
    pa.field("refresh_id", pa.string(), nullable=False),
    pa.field("at", pa.timestamp("us", "UTC"), nullable=False),
)
RUNS = pa.schema(
    [
        *_RUN,
        pa.field("kind", pa.string(), nullable=False),
        pa.field("rows", pa.int64(), nullable=False),
        pa.field("verdict", pa.string(), nullable=False),
        pa.field("score", pa.float64()),
        *[pa.field(dimension.value, pa.float64()) for dimension in Dimension],
        *[pa.field(f"rules_{verdict.value}", pa.int32(), nullable=False) for verdict in Verdict],
        pa.field("anomalies", pa.int32(), nullable=False),
        pa.field("code_version", pa.string(), nullable=False),
    ]
)
RULES = pa.schema(
    [
        *_RUN,
        pa.field("position", pa.int32(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("dimension", pa.string(), nullable=False),
        pa.field("verdict", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("failing_rows", pa.int64()),
        pa.field("line", pa.int32()),
    ]
)
METRICS = pa.schema(
    [
        *_RUN,
        pa.field("metric", pa.string(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
    ]
)


def as_parquet(table: pa.Table) -> bytes:
    """A file of the history, with checksums: damage is found when it is read."""
    content = pa.BufferOutputStream()
    pq.write_table(table, content, write_page_checksum=True)
    return bytes(content.getvalue())


def tables(report: QualityReport) -> Mapping[str, pa.Table]:
    """The rows that a report adds to each table of the history."""
    return {
        "quality_runs": quality_runs(report),
        "quality_rules": quality_rules(report),
        "quality_metrics": quality_metrics(report),
    }


def quality_runs(report: QualityReport) -> pa.Table:
    row = {
        **_run(report),
        "kind": report.kind.value,
        "rows": report.rows,
        "verdict": report.verdict.value,
        "score": report.score,
        **{one.dimension.value: one.score for one in report.dimensions},
        **{f"rules_{verdict.value}": len(report.rules_that(verdict)) for verdict in Verdict},
        "anomalies": len(report.unusual),
        "code_version": report.code_version,
    }
    return pa.Table.from_pylist([row], schema=RUNS)


def quality_rules(report: QualityReport) -> pa.Table:
    rows = [
        {
            **_run(report),
            "position": position,
            "rule": outcome.text,
            "dimension": dimension_of(outcome.rule).value,
            "verdict": outcome.verdict.value,
            "reason": outcome.reason,
            "failing_rows": outcome.failing_rows,
            "line": outcome.place.line,
        }
        for position, outcome in enumerate(report.rules, start=1)
    ]
    return pa.Table.from_pylist(rows, schema=RULES)


def quality_metrics(report: QualityReport) -> pa.Table:
    rows = [
        {**_run(report), "metric": metric, "value": value}
        for metric, value in report.metrics.items()
    ]
    return pa.Table.from_pylist(rows, schema=METRICS)


def _run(report: QualityReport) -> dict[str, object]:
    return {
        "model": report.model,
        "run_id": report.run_id,
        "refresh_id": report.refresh_id,
        "at": report.at,
    }
