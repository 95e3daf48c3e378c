"""The judge, on results that are right, and on such as were made wrong on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fuzz.comparing import judge
from fuzz.findings import Wrong
from fuzz.kinds import Kind
from fuzz.making import make_case
from fuzz.meaning import Value
from fuzz.programs import Case, Format, Odd, Oddity
from fuzz.seen import Aside, Outcome, Seen
from fuzz.session import written_files
from tests.fuzz.fixed import column, dataset, file
from tests.fuzz.truths import column_of, rightly_seen, with_values

_COLUMNS = (column("Id", 1, Kind.INTEGER), column("name", 2, Kind.WORD), column("t", 3, Kind.TRUTH))
_SHOP = dataset(
    file(Format.CSV, *_COLUMNS, rows=40, odd=(Odd(7, Oddity.LONG),)),
    file(Format.JSON_LINES, *reversed(_COLUMNS), number=1),
)
_CASE = Case(datasets=(_SHOP,))
_CSV, _JSON = (_SHOP.key(one) for one in _SHOP.files)


def wrongs(seen: Seen, case: Case = _CASE) -> set[Wrong]:
    return {finding.wrong for finding in judge(case, written_files(case), seen)}


def changed(change: Callable[[list[Value]], list[Value]], key: str = _CSV) -> Seen:
    """The same change in every column of an object."""
    seen = rightly_seen(_CASE)
    columns = seen.tables["shop"].rows[key].columns
    made = {name: change(list(values)) for name, values in columns.items()}
    return with_values(seen, "shop", key, made)


def test_what_is_right_is_not_complained_of() -> None:
    assert wrongs(rightly_seen(_CASE)) == set()


@pytest.mark.parametrize("number", [0, 1, 3, 4, 6, 7])
def test_no_case_is_complained_of_when_everything_is_as_its_source_says(number: int) -> None:
    case = make_case("right", number)
    assert wrongs(rightly_seen(case), case) <= {Wrong.COLUMN_SHARED}


def test_rows_may_come_in_any_order() -> None:
    assert wrongs(changed(lambda values: values[::-1])) == set()


def test_a_changed_value_is_noticed() -> None:
    seen = rightly_seen(_CASE)
    names = list(seen.tables["shop"].rows[_CSV].columns[column_of("name")])
    for other in (None, "", "w2r5 ", "W2R5", "w2r6"):
        names[5] = other
        made = with_values(seen, "shop", _CSV, {column_of("name"): names})
        assert wrongs(made) == {Wrong.CHANGED}, other


def test_a_lost_row_is_noticed() -> None:
    assert wrongs(changed(lambda values: values[:4] + values[5:])) == {Wrong.LOST}
    assert wrongs(changed(lambda values: values[1:], _JSON)) == {Wrong.LOST}


def test_a_doubled_row_is_noticed() -> None:
    assert wrongs(changed(lambda values: [*values, values[3]])) == {Wrong.DOUBLED}


def test_a_row_that_nobody_wrote_is_noticed() -> None:
    seen = changed(lambda values: [*values, None])
    assert wrongs(seen) == {Wrong.INVENTED}


def test_a_row_that_is_published_and_put_aside_is_noticed() -> None:
    seen = rightly_seen(_CASE)
    aside = [*seen.aside[_CSV], Aside(line=2, reason="wrong", raw="")]
    counts = replace(seen.outcomes[_CSV], rows_in=42, rows_quarantined=2)
    made = replace(
        seen, aside={**seen.aside, _CSV: aside}, outcomes={**seen.outcomes, _CSV: counts}
    )
    assert {Wrong.NEEDLESS, Wrong.DOUBLED} <= wrongs(made)


def test_columns_that_are_exchanged_in_one_file_are_noticed() -> None:
    seen = rightly_seen(_CASE)
    columns = seen.tables["shop"].rows[_JSON].columns
    one, other = column_of("Id"), column_of("name")
    exchanged = {one: list(columns[other]), other: list(columns[one])}
    made = with_values(seen, "shop", _JSON, exchanged)
    assert wrongs(made) == {Wrong.COLUMN_MOVED, Wrong.COLUMN_SHARED}


def test_a_column_without_its_values_is_noticed() -> None:
    seen = rightly_seen(_CASE)
    made = with_values(seen, "shop", _CSV, {column_of("name"): [None] * 40})
    assert wrongs(made) == {Wrong.COLUMN_LOST}


def test_values_that_nobody_wrote_are_noticed_in_a_column_of_their_own() -> None:
    made = with_values(rightly_seen(_CASE), "shop", _CSV, {"more": ["x"] * 40})
    assert wrongs(made) == {Wrong.COLUMN_INVENTED}


def test_a_bad_record_that_is_nowhere_is_noticed() -> None:
    seen = rightly_seen(_CASE)
    counts = replace(seen.outcomes[_CSV], rows_in=40, rows_quarantined=0)
    made = replace(seen, aside={}, outcomes={**seen.outcomes, _CSV: counts})
    assert wrongs(made) == {Wrong.LOST}


@pytest.mark.parametrize(
    ("status", "reason", "wrong"),
    [
        ("rejected", "the delimiter is ambiguous", {Wrong.REFUSED}),
        ("failed", "the budget of time was used up", {Wrong.FAILED}),
        ("rejected", "", {Wrong.REFUSED, Wrong.REASON}),
        ("failed", "An error in py4j.Gateway", {Wrong.FAILED, Wrong.REASON}),
        ("running", "", {Wrong.UNSETTLED}),
        ("empty", "no rows", {Wrong.EMPTIED}),
        ("ignored", "taken already", {Wrong.IGNORED}),
    ],
)
def test_a_good_file_has_to_be_published(status: str, reason: str, wrong: set[Wrong]) -> None:
    seen = rightly_seen(_CASE)
    outcome = replace(seen.outcomes[_JSON], status=status, reason=reason)
    table = seen.tables["shop"]
    rows = {key: own for key, own in table.rows.items() if key != _JSON}
    made = replace(
        seen,
        outcomes={**seen.outcomes, _JSON: outcome},
        tables={"shop": replace(table, rows=rows)},
    )
    assert wrongs(made) == wrong


def test_counts_that_are_not_what_is_there_are_noticed() -> None:
    seen = rightly_seen(_CASE)
    outcome = replace(seen.outcomes[_JSON], rows_published=21)
    made = replace(seen, outcomes={**seen.outcomes, _JSON: outcome})
    assert wrongs(made) == {Wrong.COUNTS}


def test_a_run_that_died_is_a_finding_whatever_else_is_there() -> None:
    assert wrongs(replace(rightly_seen(_CASE), died="ArrowInvalid: …")) == {Wrong.DIED}


def test_a_finding_is_sure_where_a_file_can_be_read_in_one_way_only() -> None:
    """Names that are numbers may as well be a row."""
    doubtful = dataset(
        file(Format.CSV, column("2021", 1, Kind.INTEGER), column("name", 2, Kind.WORD), rows=40)
    )
    for shop, sure in ((_SHOP, True), (doubtful, False)):
        case = Case(datasets=(shop,))
        seen = rightly_seen(case)
        keys = [shop.key(one) for one in shop.files]
        refused = {key: Outcome(status="published", rows_in=99) for key in keys}
        found = judge(case, written_files(case), replace(seen, outcomes=refused))
        assert {f.sure for f in found if f.wrong is Wrong.COUNTS} == {True}
        lost = judge(case, written_files(case), replace(seen, tables={}))
        assert {f.sure for f in lost if f.wrong is not Wrong.COUNTS} == {sure}
