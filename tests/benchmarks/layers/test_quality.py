"""Each rule means the same in DQDL and by hand, on a table that is known to keep to it or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession

from benchmarks.layers.quality import REFERENCE, TABLE
from benchmarks.layers.quality.measuring import counted, judged
from benchmarks.layers.quality.rules import AT, CASES, as_dqdl
from benchmarks.layers.quality.scans import scans_in
from benchmarks.layers.quality.table import prepare, rows_from
from dqdl import parse
from quality.evaluation import evaluate
from quality.history import PastMetrics
from tests.sessions import QUICK_ON_LITTLE_DATA

ROWS = 2_000
PLAN = """\
== Physical Plan ==
AdaptiveSparkPlan (9)
+- == Final Plan ==
   ResultQueryStage (4), Statistics(sizeInBytes=8.0 EiB)
   +- * HashAggregate (3)
      +- BroadcastHashJoin (5)
         :- * ColumnarToRow (2)
         :  +- Scan parquet  (1)
         +- Scan parquet  (6)
+- == Initial Plan ==
   HashAggregate (8)
   +- Scan parquet  (7)


(1) Scan parquet
Output [1]: [id#0L]
Location: InMemoryFileIndex [file:/data/judged]

(6) Scan parquet
Location: InMemoryFileIndex [file:/data/judged_not]

(7) Scan parquet
Location: InMemoryFileIndex [file:/data/judged]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(ROWS, tmp_path_factory.mktemp("quality"))


@pytest.fixture
def frames(spark: SparkSession, folder: Path) -> Iterator[tuple[DataFrame, DataFrame]]:
    for name, value in QUICK_ON_LITTLE_DATA.items():
        spark.conf.set(name, value)
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    yield spark.read.parquet(str(folder / TABLE)), spark.read.parquet(str(folder / REFERENCE))
    for name in QUICK_ON_LITTLE_DATA:
        spark.conf.unset(name)


def verdicts(table: DataFrame, customers: DataFrame) -> list[str]:
    past = PastMetrics({})
    rules = parse(as_dqdl())
    found = evaluate(rules, table, references={REFERENCE: customers}, history=past, at=AT)
    return [outcome.verdict.value for outcome in found.outcomes]


def test_there_are_25_rules_and_some_fail() -> None:
    assert len(CASES) == 25
    assert 0 < sum(not case.passes for case in CASES) < 10


@pytest.mark.slow
def test_dqdl_judges_as_the_table_was_made(frames: tuple[DataFrame, DataFrame]) -> None:
    assert judged(Path(), {"verdicts": verdicts(*frames)}).wrong == ()


@pytest.mark.slow
def test_by_hand_every_rule_comes_to_the_same(frames: tuple[DataFrame, DataFrame]) -> None:
    assert [c.dqdl for c in CASES if c.by_hand(*frames) is not c.passes] == []


def test_another_verdict_is_seen() -> None:
    found = ["passed" if case.passes else "failed" for case in CASES]
    assert judged(Path(), {"verdicts": ["error", *found[1:]]}).wrong == (
        "RowCount > 1000: error instead of passed",
    )


def test_another_count_is_seen() -> None:
    assert counted(Path(), {"rows": 5}, rows=5).wrong == ()
    assert counted(Path(), {"rows": 4}, rows=5).wrong == ("4 rows instead of 5",)


def test_scans_are_those_of_the_final_plan_and_of_this_table() -> None:
    assert scans_in(PLAN, "judged") == 1
    assert scans_in(PLAN, "other") == 0


def test_a_plan_that_nobody_changed_counts_as_it_is() -> None:
    plan = "== Physical Plan ==\n* Scan parquet spark_catalog.x (1)\n\n\n(1) Scan parquet\n"
    assert scans_in(f"{plan}Location: InMemoryFileIndex [file:/a/judged]", "judged") == 1


def test_rows_go_on_where_the_file_before_ended(folder: Path) -> None:
    stored = pq.read_table(folder / TABLE)
    assert stored.num_rows == ROWS
    assert rows_from(5, 3).column("order_id").to_pylist() == [5, 6, 7]
    assert stored.schema.field("amount").type == pa.decimal128(18, 2)
