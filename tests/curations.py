"""A lake with curated tables for tests: uploads, the two jobs, and what readers see."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from pyiceberg.table import Table
from pyspark.sql import SparkSession

from curation.building import TableBuild
from curation.guarding import Failures
from curation.latest_rows import LatestRows
from curation.models import Models
from curation.processing import Processing
from curation.quality_gate import QualityGate
from curation.refresh import Refresh
from iceberg.manifests import live_files, partition_of
from iceberg.tables import IcebergDatabase
from local_cloud.catalog.reader import CatalogReader
from quality_report.report import QualityReport
from tests.aws import CURATED, QUALITY, STATE, SmallAws
from tests.lakes import Lake
from wires.contracts import (
    BusinessRule,
    CuratedTable,
    DatasetContract,
    OnFailure,
    Quality,
    Reference,
)
from wires.job_arguments import GlueRun, JobDefaults
from wires.refresh_ledger import RefreshLedger, RefreshState

FOLDER = "data/incoming/2026/01/15/"
SALES = """
SELECT o.ordered_on, c.country, count(*) AS orders, sum(o.amount) AS amount
FROM orders o JOIN customers c USING (customer_id)
GROUP BY o.ordered_on, c.country
"""


def contracts() -> dict[str, DatasetContract]:
    orders = DatasetContract(
        name="orders",
        primary_key=("order_id",),
        references=(Reference(columns=("customer_id",), dataset="customers", to=("customer_id",)),),
        rules=(BusinessRule(name="amount_is_positive", expect="amount > 0"),),
        curated=(
            CuratedTable(
                table="sales", sql=SALES, source="sales.sql", day="ordered_on", uses=("customers",)
            ),
        ),
    )
    customers = DatasetContract(name="customers", primary_key=("customer_id",))
    return {"orders": orders, "customers": customers}


class Curation:
    """A lake, and the two jobs that make curated tables of it."""

    def __init__(self, aws: SmallAws, spark: SparkSession) -> None:
        self.aws = aws
        self.spark = spark
        self.lake = Lake(aws, spark)
        self.contracts = contracts()
        self.lake.contracts = self.contracts
        self.settings = aws.defaults(JobDefaults)
        self.runs = 0

    def upload(self, dataset: str, text: str, *, at: str = "2026-01-15T10:00:00+00:00") -> None:
        self.runs += 1
        key = f"{FOLDER}{dataset}/{self.runs}.csv"
        self.lake.process(self.lake.upload(key, text, at))

    def process(self) -> list[Refresh]:
        return self.processing().process()

    def processing(self) -> Processing:
        self.runs += 1
        run = GlueRun(JOB_NAME="data-processing", JOB_RUN_ID=f"jr_{self.runs:012d}")
        return Processing(
            settings=self.settings,
            glue_run=run,
            contracts=self.contracts,
            models=Models.of(self.settings),
            spark=self.spark,
        )

    def judge(self, *, at: datetime | None = None) -> list[Refresh]:
        self.runs += 1
        run = GlueRun(JOB_NAME="data-quality", JOB_RUN_ID=f"jr_{self.runs:012d}")
        return QualityGate(
            settings=self.settings,
            glue_run=run,
            contracts=self.contracts,
            models=Models.of(self.settings),
            spark=self.spark,
            **({"at": at} if at else {}),
        ).judge()

    def refresh(self, *, at: datetime | None = None) -> list[Refresh]:
        self.process()
        return self.judge(at=at)

    def quality(self, name: str, rules: str, on_failure: OnFailure = OnFailure.WARN) -> None:
        """Have a dataset, or `sales`, judged by these rules."""
        found = Quality(rules=rules, source=f"{name}.dqdl", on_failure=on_failure)
        if name in self.contracts:
            self.contracts[name] = replace(self.contracts[name], quality=found)
        else:
            orders = self.contracts["orders"]
            [sales] = orders.curated
            self.contracts["orders"] = replace(orders, curated=(replace(sales, quality=found),))

    def state(self, model: str) -> RefreshState:
        return RefreshLedger(self.aws.tables.Table(STATE)).get(model)

    def history(self, table: str) -> list[dict[str, Any]]:
        reader = CatalogReader(glue=self.aws.glue, s3=self.aws.s3)
        found: list[dict[str, Any]] = reader.read(QUALITY, table).to_pylist()
        return found

    def report(self, model: str) -> QualityReport:
        """The last one."""
        keys = self.aws.keys(QUALITY, f"reports/{model}/")
        key = max(key for key in keys if key.endswith(".json"))
        body = self.aws.s3.get_object(Bucket=QUALITY, Key=key)["Body"].read()
        return QualityReport.from_json(body.decode())

    def told(self) -> list[tuple[str, str]]:
        return [(m["Subject"], m["Message"]) for m in self.aws.announcements()]

    def read(self, table: str) -> list[tuple[Any, ...]]:
        reader = CatalogReader(glue=self.aws.glue, s3=self.aws.s3)
        content = reader.read(CURATED, table)
        data = [name for name in content.column_names if name not in ("year", "month", "day")]
        rows = content.select(data).to_pylist()
        return sorted((tuple(row.values()) for row in rows), key=repr)

    def plans(self) -> str:
        """How Spark has read rows of new loads, and current rows."""
        [build] = [b for b in self.processing()._work(Failures()) if isinstance(b, TableBuild)]
        orders = build.datasets["orders"]
        asked = [
            orders.rows_of(sorted(orders.parts)[:1]),
            LatestRows(orders, self.contracts["orders"]).rows(),
        ]
        for rows in asked:
            rows.collect()
        return "".join(str(rows._jdf.queryExecution().executedPlan()) for rows in asked)

    def iceberg(self, table: str) -> Table:
        found = IcebergDatabase.of(self.aws.glue, CURATED).table(table)
        assert found is not None
        return found

    def days(self) -> dict[str, list[str]]:
        """Locations of the current files of `sales` by ISO date."""
        found: dict[str, list[str]] = {}
        for file in live_files(self.iceberg("sales")):
            found.setdefault("-".join(partition_of(file)), []).append(file.file_path)
        return found

    def summary(self, table: str) -> dict[str, str]:
        """Of the snapshot that readers have."""
        snapshot = self.iceberg(table).current_snapshot()
        assert snapshot is not None
        assert snapshot.summary is not None
        return dict(snapshot.summary.additional_properties)

    def tables(self) -> list[str]:
        """Those that SQL makes; beside them are the latest rows of each dataset with a key."""
        found = [t["Name"] for t in self.aws.glue.get_tables(DatabaseName=CURATED)["TableList"]]
        return [name for name in found if not name.endswith("_latest")]

    def sales(self) -> list[tuple[str, str, int, int]]:
        return [(str(d), c, n, int(a)) for d, c, n, a in self.read("sales")]


CUSTOMERS = "customer_id,country\n1,DE\n2,FR\n"
ORDERS = (
    "order_id,customer_id,ordered_on,amount\n"
    "10,1,2026-01-12,5\n11,2,2026-01-12,7\n12,1,2026-01-13,9\n"
)
