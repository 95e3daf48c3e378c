"""Contracts that are wrong in every way, beside ones that are right: nobody else notices."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest

from lake.errors import LakeError
from tests.aws import ASSETS, CURATED, QUALITY
from tests.curations import CUSTOMERS, ORDERS, Curation
from wires.contracts import BusinessRule, CuratedTable, DatasetContract, OnFailure, Quality

AT = datetime(2026, 1, 20, 8, tzinfo=UTC)
ROWS = "id,amount,label\n1,5,a\n2,0,b\n"
GOOD_RULES = """Rules = [
  CustomSql "select count(*) from primary where amount > 0" > 0,
  ReferentialIntegrity "customer_id" "customers.customer_id" = 1.0,
  CustomSql "select count(*) from primary p join customers c using (customer_id)" = 3
]"""

GOOD = ("dataset/orders", "dataset/customers", "table/sales", "table/all_orders")
RULES = {
    "no_condition": "id >< 0",
    "half": "amount >",
    "unclosed": "label = 'a",
    "backtick": "`amount > 0",
    "comment": "amount > 0 /* always",
    "two": "amount > 0; DROP TABLE orders",
    "semicolon": "amount > 0;",
    "command": "DROP TABLE orders",
    "unknown": "colour = 'red'",
    "number": "amount + 1",
    "text": "label",
    "file": "EXISTS (SELECT 1 FROM parquet.`/etc`)",
    "other": "amount IN (SELECT customer_id FROM customers)",
    "aggregate": "max(amount) > 1",
    "window": "row_number() OVER (ORDER BY id) = 1",
    "division": "10 / amount > 1",
    "cast": "CAST(label AS int) > 0",
    "program": "reflect('java.lang.System', 'getenv', 'HOME') IS NOT NULL",
    "settings": "label <> '${env:HOME}'",
    "deep": "(" * 300 + "amount > 0" + ")" * 300,
    "clock": "current_date() > DATE '2020-01-01'",
    "raises": "raise_error('never') IS NULL OR amount > 0",
}
SQL = {
    "half": "SELECT",
    "no_select": "SELEC 1",
    "two": "SELECT id FROM wrong_sql; DROP VIEW wrong_sql",
    "command": "DROP TABLE wrong_sql",
    "sets": "SET spark.sql.ansi.enabled = false",
    "zone": "SET TIME ZONE 'Asia/Tokyo'",
    "view": "CREATE TEMP VIEW leak AS SELECT * FROM wrong_sql",
    "leak": "SELECT * FROM leak",
    "chance": "SELECT id,\n rand() AS r FROM wrong_sql",
    "clock": "SELECT id FROM wrong_sql WHERE now() > '2020-01-01'",
    "file": "SELECT * FROM parquet.`/tmp`",
    "text_file": "SELECT * FROM text.`/etc/hostname`",
    "named_file": "SELECT * FROM IDENTIFIER('csv.`/etc/passwd`')",
    "hidden_file": "SELECT id FROM wrong_sql WINDOW w AS (PARTITION BY (SELECT 1 FROM csv.`/x`))",
    "neighbour": "SELECT * FROM orders",
    "unknown": "SELECT colour FROM wrong_sql",
    "division": "SELECT 10 / amount AS a FROM wrong_sql",
    "cast": "SELECT CAST(label AS int) AS a FROM wrong_sql",
    "program": "SELECT TRANSFORM (id) USING 'cat' AS (a) FROM wrong_sql",
    "recursion": "WITH RECURSIVE r(n) AS (SELECT id FROM wrong_sql UNION ALL SELECT n + 1 FROM r) "
    "SELECT * FROM r",
    "itself": "WITH x AS (SELECT * FROM x) SELECT * FROM x",
    "nested": "SELECT array(id) AS a FROM wrong_sql",
    "unclosed": "SELECT '1 FROM wrong_sql",
}
BROKEN_DQDL = {
    "half": "Rules = [ RowCount > ]",
    "unclosed": 'Rules = [ IsComplete "id ]',
}
RULES_IN_ERROR = [
    'IsComplete "colour"',
    'IsComplete "id" where "id ><"',
    'CustomSql "select count(*) from csv.`/etc/passwd`" > 0',
    'CustomSql "drop table x" > 0',
    "CustomSql \"set time zone 'Asia/Tokyo'\" > 0",
    'CustomSql "select max(rand()) from primary" > 0',
    'IsComplete "id" where "uuid() > \'\'"',
    'ReferentialIntegrity "id" "rule_half.id" > 0',
    'CustomSql "select count(*) from rule_half" > 0',
    'CustomSql "select 1 / (count(*) - count(*)) from primary" > 0',
]


def wrong_contracts() -> dict[str, DatasetContract]:
    wrong = [
        DatasetContract(
            name=f"rule_{kind}",
            rules=(BusinessRule(name="wrong", expect=rule),),
            curated=(CuratedTable(table=f"of_rule_{kind}"),),
        )
        for kind, rule in RULES.items()
    ]
    made = [CuratedTable(table=f"sql_{kind}", sql=sql, source="w.sql") for kind, sql in SQL.items()]
    wrong.append(DatasetContract(name="wrong_sql", curated=tuple(made)))
    every = f"Rules = [ {', '.join(RULES_IN_ERROR)}, RowCount = 2 ]"
    for kind, rules in {**BROKEN_DQDL, "in_error": every}.items():
        wrong.append(DatasetContract(name=f"dqdl_{kind}", quality=_halting(rules)))
    wrong += [
        DatasetContract(name="terms_key", primary_key=("colour",)),
        DatasetContract(name="terms_latest", primary_key=("id",), latest_by=("colour",)),
        DatasetContract(name="terms_refused"),
    ]
    return {contract.name: contract for contract in wrong}


def _halting(rules: str) -> Quality:
    return Quality(rules=rules, source="w.dqdl", on_failure=OnFailure.HALT)


def with_good_models(curation: Curation) -> None:
    orders = curation.contracts["orders"]
    curated = (*orders.curated, CuratedTable(table="all_orders"))
    curation.contracts["orders"] = replace(orders, quality=_halting(GOOD_RULES), curated=curated)
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)


def with_wrong_models(curation: Curation) -> None:
    wrong = wrong_contracts()
    keys = [f"data/incoming/2026/01/16/{name}/1.csv" for name in wrong]
    curation.lake.process(*(curation.lake.upload(key, ROWS) for key in keys))
    refused = replace(wrong["terms_refused"], refused="it lacks 'columns'")
    # They come first wherever contracts are gone through.
    good = dict(curation.contracts)
    curation.contracts.clear()
    curation.contracts |= {**wrong, "terms_refused": refused, **good}


def run(curation: Curation) -> dict[str, str]:
    """Both jobs; which models they say have failed, and why."""
    said = []
    for job in (curation.process, partial(curation.judge, at=AT)):
        try:
            job()
        except LakeError as error:
            said.append(str(error))
    parts = re.split(r"(?:^|; )((?:dataset|table)/\w+): ", "; ".join(said))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def published(curation: Curation) -> Mapping[str, str]:
    """Digests of all that was made of the good datasets, by key. Metadata of tables are left out:
    they are full of numbers that are drawn anew."""
    places = [(CURATED, "sales/"), (CURATED, "all_orders/")]
    for model in GOOD:
        places += [(QUALITY, f"reports/{model}/"), (ASSETS, f"refreshes/{model}/")]
    found = {}
    for bucket, prefix in places:
        for key in curation.aws.keys(bucket, prefix):
            if "/metadata/" in key:
                continue
            body = curation.aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            text = _lasting(body.decode("latin-1"))
            found[_lasting(key)] = hashlib.sha256(text.encode()).hexdigest()
    return found


def _lasting(text: str) -> str:
    """Without what differs from run to run: ids of loads, runs and snapshots, times, digests."""
    volatile = r"jr_\d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{16}\b|\b\d{12,19}\b"
    return re.sub(rf"{volatile}|\d{{4}}-\d\d-\d\dT[\d:.+]+", "…", text)


@pytest.fixture(scope="module")
def seen() -> dict[str, Mapping[str, str]]:
    """What was published, in each company."""
    return {}


@pytest.mark.slow
@pytest.mark.parametrize("company", ["alone", "among wrong ones"])
def test_what_is_wrong_ends_alone(
    curation: Curation, company: str, seen: dict[str, Mapping[str, str]]
) -> None:
    with_good_models(curation)
    if company != "alone":
        with_wrong_models(curation)
    failed = run(curation)
    assert [curation.state(model).verdict for model in GOOD] == ["passed"] * len(GOOD)
    assert sorted(curation.tables()) == ["all_orders", "sales"]
    seen[company] = published(curation)
    assert {key.split("/")[0] for key in seen[company]} == {
        "all_orders",
        "refreshes",
        "reports",
        "sales",
    }
    first, *others = seen.values()
    for other in others:
        assert other.items() ^ first.items() == set()
    assert set(failed) == (set() if company == "alone" else expected_failures())
    for kind in RULES if failed else ():
        why = failed[f"table/of_rule_{kind}"]
        assert why == f"waits for dataset rule_{kind}, which failed"
    for why in failed.values():
        assert not re.search(r"SQLSTATE|py4j|Traceback|org\.apache|\[[A-Z_]+\]|spark\.sql", why)
    if failed:
        says_what_is_wrong(failed, curation)


def expected_failures() -> set[str]:
    return {
        *(f"dataset/rule_{kind}" for kind in RULES),
        *(f"table/of_rule_{kind}" for kind in RULES),
        *(f"table/sql_{kind}" for kind in SQL),
        *(f"dataset/dqdl_{kind}" for kind in BROKEN_DQDL),
        "dataset/terms_key",
        "dataset/terms_latest",
        "dataset/terms_refused",
    }


def says_what_is_wrong(failed: Mapping[str, str], curation: Curation) -> None:
    assert "Syntax error at or near '<'" in failed["dataset/rule_no_condition"]
    assert "Division by zero" in failed["dataset/rule_division"]
    assert "Division by zero" in failed["table/sql_division"]
    assert "may read wrong_sql" in failed["table/sql_neighbour"]
    assert failed["table/sql_chance"].startswith("w.sql: in line 2: it must not call rand, which")
    assert "it must not call current_date" in failed["dataset/rule_clock"]
    assert "runs a program" in failed["table/sql_program"]
    assert failed["dataset/terms_refused"] == "it lacks 'columns'"
    assert failed["dataset/dqdl_half"].startswith("w.dqdl:1:")
    report = curation.report("dataset/dqdl_in_error")
    verdicts = [rule.verdict.value for rule in report.rules]
    assert verdicts == ["error"] * len(RULES_IN_ERROR) + ["passed"]
    assert curation.state("dataset/dqdl_in_error").verdict == "halted"
    assert curation.state("dataset/wrong_sql").verdict == "passed"
