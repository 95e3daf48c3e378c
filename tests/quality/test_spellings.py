"""Names in SQL, told from all else in it without Spark."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.errors import SqlRefused
from quality.spellings import NO_SPELLINGS, Spellings, respelled
from quality.sql_tokens import Kind, tokens_of

TABLE = Spellings(
    (
        {
            "order_id": "order_id",
            "OrderId": "order_id",
            "größe_cm": "größe_cm",
            "Größe (cm)": "größe_cm",
            "имя": "имя",
            "Имя": "имя",
            "year_in_file": "year_in_file",
            "year": "year_in_file",
            "amount": "amount",
            "amount_1f2e3d": "amount_1f2e3d",
            "Amount": "amount_1f2e3d",
            "select_0a1b2c": "select_0a1b2c",
            "Select": "select_0a1b2c",
        },
    )
)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("OrderId > 0", "`order_id` > 0"),
        ("order_id > ORDER_ID", "order_id > ORDER_ID"),
        ("`OrderId` > 0", "`order_id` > 0"),
        ("o.OrderId, `o`.`Größe (cm)`", "o.`order_id`, `o`.`größe_cm`"),
        ("'OrderId' = \"OrderId\"", "'OrderId' = \"OrderId\""),
        ("'it''s OrderId' = r'\\' || OrderId", "'it''s OrderId' = r'\\' || `order_id`"),
        ("'\\'OrderId' = OrderId", "'\\'OrderId' = `order_id`"),
        ("1 -- OrderId\n+ OrderId", "1 -- OrderId\n+ `order_id`"),
        (
            "1 /* OrderId /* OrderId */ ' */ + OrderId",
            "1 /* OrderId /* OrderId */ ' */ + `order_id`",
        ),
        ("OrderId(1)", "OrderId(1)"),
        ("f(x).OrderId + a[0].OrderId", "f(x).OrderId + a[0].OrderId"),
        ("имя = 'имя'", "`имя` = 'имя'"),
        ("ИМЯ = नाम", "`ИМЯ` = `नाम`"),
        ("year(d) = `year`", "year(d) = `year_in_file`"),
        ("interval 1 year", "interval 1 year"),
        ("Amount + `Amount` + `amount`", "Amount + `amount_1f2e3d` + `amount`"),
        ("Select OrderId", "Select `order_id`"),
        ("SELECT orders FROM orders", "SELECT orders FROM orders"),
        ("`a``b`", "`a``b`"),
    ],
)
def test_a_name_means_what_the_files_call_so_or_else_the_column(written: str, read: str) -> None:
    assert respelled(written, TABLE) == read


def test_a_table_is_no_column_whatever_the_files_call_theirs() -> None:
    table = Spellings(({"n_orders": "n_orders", "orders": "n_orders"},))
    read = respelled("SELECT `orders` FROM `orders`", table, tables=["orders"])
    assert read == "SELECT `orders` FROM `orders`"


def test_a_name_that_means_two_columns_is_refused_where_it_is_used() -> None:
    tables = Spellings(({"Amount": "amount_1f2e3d"}, {"amount": "amount", "Amount": "amount"}))
    assert respelled("SELECT amount", tables) == "SELECT amount"
    with pytest.raises(SqlRefused, match=r"`Amount` is column amount in one table and"):
        respelled("SELECT `Amount`", tables)


@given(st.text(st.sampled_from("ab_1 \n'\"`-/*+\\r().я名")))
def test_tokens_are_the_text_to_the_letter(text: str) -> None:
    with suppress(SqlRefused):
        assert "".join(token.written for token in tokens_of(text)) == text
        once = respelled(text, NO_SPELLINGS)
        assert respelled(once, NO_SPELLINGS) == once


@pytest.mark.parametrize("open_one", ["'a", '"a', "`a", "/* a", "r'a", "1 + 'a''", "/* /* */"])
def test_what_is_not_closed_is_told_with_its_place(open_one: str) -> None:
    with pytest.raises(SqlRefused, match=r"in line 2, column \d+, is never closed"):
        tokens_of(f"a =\n{open_one}")


def test_brackets_within_brackets_have_an_end() -> None:
    assert tokens_of("(" * 100 + ")" * 100)
    with pytest.raises(SqlRefused, match="100 brackets"):
        tokens_of("(" * 101 + ")" * 101)


def test_hints_are_no_comments() -> None:
    kinds = [token.kind for token in tokens_of("/*+ x */")]
    assert Kind.WORD in kinds
