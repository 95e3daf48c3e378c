"""Reports and profiles for tests, with values that do not matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import cos, sin
from pathlib import Path

from dqdl import Place, parse_rule
from quality.anomalies import Anomaly, Usual
from quality.history import Point
from quality.outcomes import Outcome, sample_rows
from quality.verdicts import Verdict
from quality_report.report import GateVerdict, ModelKind, QualityReport, TrendPoint, make_report
from tests.quality_report.profiles import rich_profile

ROOT_OF_SCRIPTS = Path(__file__).parents[2] / "scripts"
NOW = datetime(2026, 11, 20, 6, 15, tzinfo=UTC)
SOMEWHERE = Place(1, 1)
HOSTILE = '<script>alert("1")</script>&amp; \u202eflipped\u202c مرحبا بالعالم 🧪\x00'


def any_rule(
    text: str = 'IsComplete "id"',
    verdict: Verdict = Verdict.PASSED,
    metrics: dict[str, float] | None = None,
    place: Place = SOMEWHERE,
) -> Outcome:
    return Outcome(rule=parse_rule(text, place), verdict=verdict, metrics=metrics or {})


def any_report(
    rules: Sequence[Outcome] = (any_rule(),),
    *,
    model: str = "orders",
    run_id: str = "jr_1",
    refresh_id: str = "load-1",
    at: datetime = NOW,
    rows: int = 100,
    metrics: dict[str, float] | None = None,
) -> QualityReport:
    return make_report(
        model=model,
        kind=ModelKind.DATASET,
        run_id=run_id,
        refresh_id=refresh_id,
        at=at,
        rows=rows,
        verdict=GateVerdict.PASSED,
        rules=rules,
        metrics=metrics,
    )


def rich_report() -> QualityReport:
    """A morning on which much went wrong, and all that a page can show."""
    days = [NOW - timedelta(days=30 - day) for day in range(30)]
    counts = [round(9800 + 400 * sin(day) + 150 * cos(day * 2.7)) for day in range(30)]
    scores = [round(97 + 2.5 * sin(day * 1.3), 1) for day in range(30)]
    return make_report(
        model="sales_orders",
        kind=ModelKind.DATASET,
        run_id="jr_5f3c2a9e77d04b1b",
        refresh_id="load-2026-11-20-9c41d0",
        at=NOW,
        rows=4312,
        verdict=GateVerdict.QUARANTINED,
        rules=_rich_rules(),
        anomalies=_rich_anomalies(days, counts),
        profile=rich_profile(),
        trend=[TrendPoint(*point) for point in zip(days, counts, scores, strict=True)],
        code_version="4f2e9d1",
    )


def _rich_rules() -> list[Outcome]:
    orders = [
        {
            "order_id": f"A-{number:05d}",
            "customer_email": None if number % 2 else "",
            "country": ["XX", "DE", "  "][number % 3],
            "amount": 19.5 * number,
            "note": "Leave with the neighbour, please ring twice, " * (number % 3) or None,
            "created_at": NOW - timedelta(minutes=number),
            "updated_by": "import",
            "is_gift": number % 2 == 0,
        }
        for number in range(1, 15)
    ]
    return [
        Outcome(
            rule=parse_rule('Completeness "customer_email" > 0.98', Place(4, 5)),
            verdict=Verdict.FAILED,
            reason="217 of 4,312 rows are null: 0.9497 is not more than 0.98",
            metrics={"Completeness:customer_email": 0.949675},
            row_level=True,
            failing_rows=217,
            sample=sample_rows(orders),
        ),
        Outcome(
            rule=parse_rule(
                'ColumnValues "country" in ["AT", "CH", "DE", "FR"] with threshold > 0.99',
                Place(7, 5),
            ),
            verdict=Verdict.FAILED,
            reason="84 of 4,312 rows are none of these",
            metrics={"ColumnValues:country": 0.98052},
            row_level=True,
            failing_rows=84,
            sample=sample_rows(order for order in orders if order["country"] != "DE"),
        ),
        Outcome(
            rule=parse_rule('ReferentialIntegrity "customer_id" "customers.id" = 1.0', Place(9, 5)),
            verdict=Verdict.ERROR,
            reason="the table 'customers' has no column 'id': name one of its columns",
        ),
        any_rule('IsPrimaryKey "order_id"'),
        replace(any_rule("RowCount > 1000"), reason="4,312 is more than 1,000"),
        any_rule('ColumnLength "country" = 2'),
        any_rule('ColumnValues "amount" between 0 and 100000'),
        any_rule('DataFreshness "created_at" <= 24 hours'),
        replace(
            any_rule('DetectAnomalies "Mean" "amount"', Verdict.NOT_JUDGED),
            reason="history too short: 4 values, needs 7",
        ),
    ]


def _rich_anomalies(days: Sequence[datetime], counts: Sequence[int]) -> list[Anomaly]:
    rows = [Point(at, float(count)) for at, count in zip(days, counts, strict=True)]
    return [
        Anomaly(
            metric="RowCount",
            value=4312,
            usual=Usual.NO,
            reason="4312 is unusual, expected 8420 to 11180 after 30 earlier values",
            low=8420,
            high=11180,
            earlier=tuple(rows),
        ),
        Anomaly(
            metric="Completeness:shipping_address",
            value=0.993,
            usual=Usual.YES,
            reason="0.993 is 0.4 deviations from 0.9928, the median of 30 earlier values",
            low=0.985,
            high=1.0,
            earlier=tuple(Point(at, 0.9928 + 0.003 * sin(n)) for n, at in enumerate(days)),
        ),
        Anomaly(
            metric="Mean:amount",
            value=143.2,
            usual=Usual.UNKNOWN,
            reason="history too short: 4 values, needs 7",
            earlier=tuple(Point(at, 120.0 + n * 7) for n, at in enumerate(days[-4:])),
        ),
    ]
