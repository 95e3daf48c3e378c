"""Files of databases: what they may say, and what is told of what they may not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.errors import ValueRuleError
from config.sources import load_sources, source_of
from wires.database_sources import Engine, KeyRanges, Tls
from wires.sources import CursorType, Mode, source_from_json, source_to_json

SHOP: Mapping[str, Any] = {
    "name": "shop_orders",
    "kind": "database",
    "dataset": "orders_of_shop",
    "secret": "project/shop",
    "cursor": {"type": "timestamp", "field": "updated_at"},
    "database": {"engine": "postgresql", "table": "sales.orders"},
}
WHOLE: Mapping[str, Any] = {
    **{name: value for name, value in SHOP.items() if name != "cursor"},
    "mode": "changed",
    "repeats": "keep",
}


def loaded(folder: Path, content: Mapping[str, Any]) -> Any:
    (folder / "shop_orders.yaml").write_text(yaml.safe_dump(dict(content)))
    (document,) = load_sources(folder, folder / "none")
    return source_of(document)


def changed(**changes: Any) -> Mapping[str, Any]:
    return {**SHOP, **changes}


def database(**changes: Any) -> Mapping[str, Any]:
    return changed(database={**SHOP["database"], **changes})


def test_a_table_is_read_with_verified_tls_and_from_one_moment(tmp_path: Path) -> None:
    source = loaded(tmp_path, SHOP)
    assert source.database.engine is Engine.POSTGRESQL
    assert source.database.tls is Tls.VERIFY_FULL
    assert source.limits.rows_per_file == 1_000_000
    assert source_from_json(source_to_json(source)) == source


def test_all_that_a_file_can_say_reaches_the_job(tmp_path: Path) -> None:
    cursor = {"type": "timestamp_and_integer", "field": "at", "then": "id", "lag_seconds": 5}
    ranges = {"column": "id", "at_once": 3}
    source = loaded(
        tmp_path,
        {**database(columns=["id", "at"], as_text=["id"], ranges=ranges), "cursor": cursor},
    )
    assert source.cursor.type is CursorType.TIMESTAMP_AND_INTEGER
    assert source.database.ranges == KeyRanges(column="id", at_once=3)
    assert source_from_json(source_to_json(source)) == source
    keyed = {**SHOP["database"], "key": ["id"]}
    assert loaded(tmp_path, {**WHOLE, "database": keyed}).mode is Mode.CHANGED


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ({**SHOP, "database": None}, "database is missing: needed for the kind database"),
        (changed(kind="api"), "database is '…': is for the kind database"),
        (changed(secret=""), "secret is '': needed for the kind database"),
        (database(engine="oracle"), "database.engine is 'oracle': must be one of postgresql, my"),
        (
            database(engine="other", dialect="oracle+oracledb"),
            "database.tls is 'verify_full': must be off for the engine other",
        ),
        (database(engine="other"), "database.dialect is '': must be there for the engine other"),
        (database(dialect="a+b"), "database.dialect is 'a+b': must be there for the engine other"),
        (database(query="SELECT 1"), "or query is needed, one of them"),
        (database(table=""), "or query is needed, one of them"),
        (database(table="", query="SELECT 1; SELECT 2"), "must be one SELECT"),
        (database(table="", query="DELETE FROM a"), "must be one SELECT"),
        (database(table="", query="SELECT FROM WHERE"), "must be SQL"),
        (database(tls="off"), "database.tls is 'off': must not be off without a connection"),
        (database(tls="maybe"), "must be one of verify_full, verify_ca, require, off"),
        (database(columns=["id"]), "cursor.field is 'updated_at': must be among database.columns"),
        (
            database(columns=["updated_at"], as_text=["id"]),
            "database.as_text is 'id': must be among database.columns",
        ),
        (database(columns=["a", "a"]), "must name each column once"),
        (database(as_text=["updated_at"]), "must leave the cursor out"),
        (database(key=["id"]), "database.key is 'id': is for the mode changed"),
        (database(engine="mysql", ranges={"column": "id"}), "is for postgresql"),
        (database(ranges={"column": "id", "at_once": 1}), "at_once is 1: must be at least 2"),
        (database(wait_seconds=900), "database.wait_seconds is 900: must be at most 840"),
        (database(tabel="x"), "database.tabel is 'x': this name is not known here"),
        (changed(cursor={"type": "opaque"}), "cursor.type is 'opaque': is for APIs"),
        (
            changed(cursor={"type": "timestamp_and_integer", "field": "at"}),
            "cursor.then is '': must be there for timestamp_and_integer",
        ),
        (
            changed(cursor={"type": "integer", "field": "id", "then": "at"}),
            "cursor.then is 'at': must be there for timestamp_and_integer",
        ),
        (changed(mode="changed"), "mode is 'changed': must be incremental where there is a cursor"),
        ({**WHOLE, "repeats": "by_key"}, "mode is changed, so rows come again"),
    ],
)
def test_a_wrong_value_is_told_with_its_field_and_its_rule(
    tmp_path: Path, content: Mapping[str, Any], rule: str
) -> None:
    with pytest.raises(ValueRuleError) as error:
        loaded(tmp_path, content)
    assert rule in str(error.value)


def test_changes_and_pairs_are_for_databases(tmp_path: Path) -> None:
    api = {"url": "https://a.example/b", "since": "since"}
    of_api = {**SHOP, "kind": "api", "secret": "", "database": None, "api": api}
    with pytest.raises(ValueRuleError, match="mode is 'changed': is for the kind database"):
        loaded(
            tmp_path,
            {
                **WHOLE,
                "kind": "api",
                "secret": "",
                "database": None,
                "api": {"url": "https://a.example"},
            },
        )
    pair = {"type": "timestamp_and_integer", "field": "at", "then": "id"}
    with pytest.raises(ValueRuleError, match="is for databases"):
        loaded(tmp_path, {**of_api, "cursor": pair})
