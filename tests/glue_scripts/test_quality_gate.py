"""The gate between processed and curated: what passes, what is put aside, what is kept back."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from lake.errors import LakeError
from lake.store import client
from quality.anomalies import Usual
from quality.verdicts import Verdict
from quality_report.report import GateVerdict
from tests.aws import CURATED, QUALITY
from tests.curations import CUSTOMERS, ORDERS, Curation
from tests.kills import Killed
from wires.contracts import OnFailure

HEAD = "order_id,customer_id,ordered_on,amount\n"
MORNING = datetime(2026, 1, 16, 8, tzinfo=UTC)


def with_data(curation: Curation) -> None:
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)


@pytest.mark.slow
def test_rules_that_pass_publish_with_score_and_report(curation: Curation) -> None:
    curation.quality("sales", 'Rules = [ RowCount > 2, ColumnValues "amount" > 0 ]')
    with_data(curation)
    curation.refresh()
    state = curation.state("table/sales")
    assert (state.verdict, state.score, state.staged) == ("passed", "100", "")
    report = curation.report("table/sales")
    assert (report.verdict, report.score, report.rows) == (GateVerdict.PASSED, 100.0, 3)
    assert state.report.endswith(".html")
    summary = curation.summary("sales")
    assert (summary["score"], summary["verdict"]) == ("100", "passed")
    assert (summary["rows-published"], summary["values-published"]) == ("3", "12")
    assert curation.told() == []


@pytest.mark.slow
def test_a_table_without_rules_has_a_profile_and_no_score(curation: Curation) -> None:
    with_data(curation)
    curation.refresh()
    report = curation.report("table/sales")
    assert report.score is None
    assert report.profile is not None
    assert [column.name for column in report.profile.columns] == [
        "ordered_on",
        "country",
        "orders",
        "amount",
    ]


@pytest.mark.slow
def test_a_rule_that_fails_warns_and_publishes_unless_the_contract_says_more(
    curation: Curation,
) -> None:
    curation.quality("sales", 'Rules = [ ColumnValues "amount" > 6, RowCount > 1 ]')
    with_data(curation)
    curation.refresh()
    assert len(curation.sales()) == 3
    assert curation.state("table/sales").verdict == "warned"
    [(subject, message)] = curation.told()
    assert subject == "Quality: table/sales warned"
    assert 'ColumnValues "amount" > 6' in message
    report = curation.report("table/sales")
    [failed] = [rule for rule in report.rules if rule.verdict is Verdict.FAILED]
    assert failed.failing_rows == 1
    assert failed.sample[0]["amount"] == "5"


@pytest.mark.slow
def test_halt_publishes_nothing_and_what_was_there_stays(curation: Curation) -> None:
    curation.quality("sales", "Rules = [ RowCount < 4 ]", OnFailure.HALT)
    with_data(curation)
    curation.refresh()
    before = curation.sales()
    curation.upload("orders", f"{HEAD}13,1,2026-01-14,3\n", at="2026-01-16T10:00:00+00:00")
    published = curation.refresh()
    assert "table/sales" not in {refresh.model for refresh in published}
    assert curation.sales() == before
    state = curation.state("table/sales")
    assert state.verdict == "halted"
    assert "RowCount < 4" in state.halted
    assert curation.told()[0][0] == "Quality: table/sales halted"


@pytest.mark.slow
def test_a_halted_table_is_published_when_the_reason_is_gone(curation: Curation) -> None:
    curation.quality("sales", "Rules = [ RowCount > 3 ]", OnFailure.HALT)
    with_data(curation)
    curation.refresh()
    assert curation.tables() == []
    curation.upload("orders", f"{HEAD}13,1,2026-01-14,3\n", at="2026-01-16T10:00:00+00:00")
    curation.refresh()
    assert len(curation.sales()) == 4
    subjects = [subject for subject, _ in curation.told()]
    assert subjects == ["Quality: table/sales halted", "Quality: table/sales passes again"]
    curation.upload("orders", f"{HEAD}14,1,2026-01-14,3\n", at="2026-01-17T10:00:00+00:00")
    curation.refresh()
    assert curation.told() == []


@pytest.mark.slow
def test_that_a_table_passes_again_is_told_by_the_run_after_one_that_died_before_it(
    curation: Curation,
) -> None:
    curation.quality("sales", "Rules = [ RowCount > 3 ]", OnFailure.HALT)
    with_data(curation)
    curation.refresh()
    assert [subject for subject, _ in curation.told()] == ["Quality: table/sales halted"]
    curation.upload("orders", f"{HEAD}13,1,2026-01-14,3\n", at="2026-01-16T10:00:00+00:00")

    def dies(**_: object) -> None:
        raise Killed

    publishing = ("before-call.sns.Publish", dies)
    client("sns").meta.events.register(*publishing)
    with pytest.raises(Killed):
        curation.refresh()
    client("sns").meta.events.unregister(*publishing)
    curation.refresh()
    assert [subject for subject, _ in curation.told()] == ["Quality: table/sales passes again"]
    assert len(curation.sales()) == 4


@pytest.mark.slow
def test_a_dataset_that_is_halted_holds_back_every_table_that_is_made_of_it(
    curation: Curation,
) -> None:
    curation.quality("customers", 'Rules = [ ColumnLength "country" = 3 ]', OnFailure.HALT)
    with_data(curation)
    published = {refresh.model for refresh in curation.refresh()}
    assert published == {"dataset/orders"}
    assert "customers" in curation.state("table/sales").halted
    assert curation.tables() == []


@pytest.mark.slow
def test_quarantine_puts_aside_the_rows_that_fail_and_publishes_the_others(
    curation: Curation,
) -> None:
    rules = 'Rules = [ ColumnValues "amount" > 5, RowCount > 0 ]'
    curation.quality("sales", rules, OnFailure.QUARANTINE)
    with_data(curation)
    [sales] = [refresh for refresh in curation.refresh() if refresh.model == "table/sales"]
    assert (sales.counts.rows_in, sales.counts.current, sales.counts.quarantined) == (3, 2, 1)
    assert curation.sales() == [("2026-01-12", "FR", 1, 7), ("2026-01-13", "DE", 1, 9)]
    [row] = curation.lake.quarantined()
    assert row["reason"] == 'breaks ColumnValues "amount" > 5'
    assert row["source_file"] == f"{CURATED}.sales"
    assert json.loads(row["raw"])["amount"] == 5


@pytest.mark.slow
def test_a_day_of_which_every_row_is_put_aside_is_not_there(curation: Curation) -> None:
    rules = 'Rules = [ ColumnValues "ordered_on" != "2026-01-13" ]'
    curation.quality("sales", rules, OnFailure.QUARANTINE)
    with_data(curation)
    curation.refresh()
    assert set(curation.days()) == {"2026-01-12"}


@pytest.mark.slow
def test_a_rule_that_cannot_be_judged_never_counts_as_passed(curation: Curation) -> None:
    wrong = {
        "colour": 'IsComplete "colour"',
        "country": 'Mean "country" > 1',
        "nations": 'ReferentialIntegrity "country" "nations.code" = 1.0',
    }
    curation.quality("sales", f"Rules = [ {', '.join(wrong.values())} ]", OnFailure.HALT)
    with_data(curation)
    curation.refresh()
    assert curation.tables() == []
    for rule, reason in zip(curation.report("table/sales").rules, wrong, strict=True):
        assert rule.verdict is Verdict.ERROR
        assert reason in rule.reason


@pytest.mark.slow
def test_rules_compare_with_other_datasets(curation: Curation) -> None:
    rules = 'Rules = [ ReferentialIntegrity "customer_id" "customers.customer_id" = 1.0 ]'
    curation.quality("orders", rules)
    with_data(curation)
    curation.upload("orders", f"{HEAD}13,9,2026-01-14,3\n", at="2026-01-16T10:00:00+00:00")
    curation.refresh()
    [rule] = curation.report("dataset/orders").rules
    assert rule.verdict is Verdict.FAILED
    assert list(rule.metrics.values()) == [0.75]


@pytest.mark.slow
def test_values_are_held_against_the_history_of_the_same_model(curation: Curation) -> None:
    with_data(curation)
    for day in range(8):
        row = f"{100 + day},1,2026-02-{day + 1:02},5\n"
        curation.upload("orders", HEAD + row, at=f"2026-02-{day + 1:02}T10:00:00+00:00")
        curation.refresh(at=MORNING + timedelta(days=day))
    many = "".join(f"{200 + i},1,2026-02-20,5\n" for i in range(500))
    curation.upload("orders", HEAD + many, at="2026-02-20T10:00:00+00:00")
    curation.refresh(at=MORNING + timedelta(days=9))
    report = curation.report("dataset/orders")
    [count] = [one for one in report.anomalies if one.metric == "RowCount"]
    assert (count.usual, count.value) == (Usual.NO, 511)
    assert len(report.trend) == 8
    subjects = [subject for subject, _ in curation.told()]
    assert "Quality: dataset/orders passed" in subjects
    scores = curation.history("quality_runs")
    assert len([row for row in scores if row["model"] == "dataset/orders"]) == 9


@pytest.mark.slow
def test_the_history_says_which_load_was_judged_how(curation: Curation) -> None:
    curation.quality("orders", 'Rules = [ IsPrimaryKey "order_id" ]')
    with_data(curation)
    curation.refresh()
    loads = curation.history("quality_loads")
    [mine] = [row for row in loads if row["model"] == "dataset/orders"]
    assert (mine["dataset"], mine["verdict"], mine["score"]) == ("orders", "passed", 100.0)
    assert len(mine["load_id"]) == 16
    rows = list(csv.reader(io.StringIO(ORDERS)))[1:]
    filled = sum(1 for row in rows for cell in row if cell)
    assert (mine["rows_published"], mine["values_published"]) == (len(rows), filled)


@pytest.mark.slow
def test_a_damaged_history_is_named_and_nothing_of_the_unit_is_published(
    curation: Curation,
) -> None:
    with_data(curation)
    key = "history/quality_metrics/table/sales/damaged.parquet"
    curation.aws.s3.put_object(Bucket=QUALITY, Key=key, Body=b"PAR1 no more")
    curation.process()
    with pytest.raises(LakeError, match=r"table/sales: .*damaged.parquet"):
        curation.judge()
    assert curation.tables() == []
    curation.aws.s3.delete_object(Bucket=QUALITY, Key=key)
    curation.judge()
    assert len(curation.sales()) == 3
