"""The command `access`: what groups see follows contracts, however often and wherever it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from config.environments import Environment
from local_cloud.moto_changes import replaced
from local_cloud.moto_filters import FILTERS
from operations.access import standing
from operations.access.keep import keep_access
from operations.access.standing import EVERYBODY
from operations.errors import CheckFailed
from tests.groups import with_groups
from wires.contracts import CuratedTable, DatasetContract, Readers

COLUMNS = {"order_id": "bigint", "country": "string", "amount": "decimal(12,2)", "on": "date"}
GERMAN = Readers(group="eu", only=("order_id", "country"), rows="country = 'DE'")
EXPRESSION = "\"country\" = 'DE'"


def sales(*readers: Readers, curated: Sequence[CuratedTable] = ()) -> DatasetContract:
    return DatasetContract(
        name="sales", primary_key=("order_id",), readers=readers, curated=tuple(curated)
    )


@dataclass
class World:
    """An environment of groups, with the two tables of the dataset sales."""

    environment: Environment
    said: list[str] = field(default_factory=list)
    session: Any = field(default_factory=boto3.Session)

    @property
    def lake_formation(self) -> Any:
        return boto3.client("lakeformation")

    @property
    def glue(self) -> Any:
        return boto3.client("glue")

    @property
    def places(self) -> list[tuple[str, str]]:
        names = self.environment.names
        return [(names.processed_database, "sales"), (names.curated_database, "sales_latest")]

    def table(self, database: str, name: str, **columns: str) -> None:
        storage = {"Columns": [{"Name": n, "Type": t} for n, t in (columns or COLUMNS).items()]}
        self.glue.create_table(
            DatabaseName=database, TableInput={"Name": name, "StorageDescriptor": storage}
        )

    def keep(self, *contracts: DatasetContract, apply: bool = True) -> None:
        self.said.clear()
        keep_access(self.environment, contracts, self.session, apply=apply, say=self.said.append)

    def filters(self) -> dict[tuple[str, str, str], Any]:
        found = self.lake_formation.list_data_cells_filter()["DataCellsFilters"]
        return {(one["DatabaseName"], one["TableName"], one["Name"]): one for one in found}

    def granted(self, group: str) -> list[tuple[str, str]]:
        """Tables whose filters the role of a group may select by."""
        role = self.environment.role_arn(self.environment.names.group_role(group))
        found = self.lake_formation.list_permissions()["PrincipalResourcePermissions"]
        filters = [
            one
            for one in found
            if one["Principal"]["DataLakePrincipalIdentifier"] == role
            and "DataCellsFilter" in one["Resource"]
        ]
        assert all(one["Permissions"] == ["SELECT"] for one in filters)
        assert all(not one["PermissionsWithGrantOption"] for one in filters)
        named = [one["Resource"]["DataCellsFilter"] for one in filters]
        assert {one["Name"] for one in named} <= {self.environment.names.cells_filter(group)}
        return sorted((one["DatabaseName"], one["TableName"]) for one in named)

    def grant(self, whom: str, resource: dict[str, Any], *permissions: str) -> None:
        self.lake_formation.grant_permissions(
            Principal={"DataLakePrincipalIdentifier": whom},
            Resource=resource,
            Permissions=list(permissions),
        )


@pytest.fixture
def world(aws: None, dev: Environment) -> Iterator[World]:  # noqa: ARG001 - all of it is in there
    with ExitStack() as stack:
        for change in FILTERS:
            stack.enter_context(replaced(*change))
        made = World(with_groups(dev, "eu", "us"))
        for database in made.environment.names.databases:
            made.glue.create_database(DatabaseInput={"Name": database})
        for place in made.places:
            made.table(*place)
        yield made


def test_a_group_sees_of_both_tables_what_the_contract_says(world: World) -> None:
    world.keep(sales(GERMAN))
    name = world.environment.names.cells_filter("eu")
    assert set(world.filters()) == {(*place, name) for place in world.places}
    for one in world.filters().values():
        assert one["RowFilter"] == {"FilterExpression": EXPRESSION}
        assert sorted(one["ColumnNames"]) == ["country", "order_id"]
    assert world.granted("eu") == sorted(world.places)
    assert world.granted("us") == []
    assert world.said[-1] == "dev: 0 filters stood as contracts say, 4 changes are made"


def test_without_apply_it_tells_what_differs_and_changes_nothing(world: World) -> None:
    with pytest.raises(CheckFailed, match="4 changes are to be made: --apply makes them"):
        world.keep(sales(GERMAN), apply=False)
    assert world.filters() == {}
    assert world.said[0].startswith("to be made: ")
    assert f"country, order_id, rows where {EXPRESSION}" in world.said[0]


def test_a_second_time_there_is_nothing_to_do(world: World) -> None:
    contract = sales(GERMAN, Readers(group="us", excluded=("amount",)))
    world.keep(contract)
    world.keep(contract, apply=False)
    assert world.said == ["dev: 4 filters stood as contracts say"]


def test_a_group_that_sees_everything_needs_a_filter_too(world: World) -> None:
    world.keep(sales(Readers(group="eu")))
    for one in world.filters().values():
        assert one["RowFilter"] == {"AllRowsWildcard": {}}
        assert one["ColumnWildcard"] == {"ExcludedColumnNames": []}
    world.keep(sales(Readers(group="eu")), apply=False)
    assert world.said == ["dev: 2 filters stood as contracts say"]


@pytest.mark.parametrize(
    "changed",
    [
        replace(GERMAN, rows="country = 'FR'"),
        replace(GERMAN, rows=""),
        replace(GERMAN, only=("country",)),
        replace(GERMAN, only=(), excluded=("amount",)),
    ],
)
def test_a_changed_contract_changes_filters_and_leaves_grants(
    world: World, changed: Readers
) -> None:
    world.keep(sales(GERMAN))
    world.keep(sales(changed))
    assert [line.partition(":")[0] for line in world.said[:-1]] == ["changed", "changed"]
    assert world.granted("eu") == sorted(world.places)
    world.keep(sales(changed), apply=False)


def test_a_group_that_is_taken_out_of_a_contract_loses_filters_and_grants(world: World) -> None:
    world.keep(sales(GERMAN, Readers(group="us")))
    world.keep(sales(Readers(group="us")))
    assert world.granted("eu") == []
    assert {name for _, _, name in world.filters()} == {world.environment.names.cells_filter("us")}
    assert world.granted("us") == sorted(world.places)


def test_a_group_that_is_taken_out_of_the_environment_loses_them_too(
    world: World, dev: Environment
) -> None:
    world.keep(sales(GERMAN))
    world.environment = with_groups(dev, "us")
    world.keep(sales(GERMAN))
    assert world.filters() == {}
    assert world.granted("eu") == []


def test_grants_go_before_filters_and_come_after_them(world: World) -> None:
    world.keep(sales(GERMAN))
    world.keep(sales(Readers(group="us")))
    done = [line.partition(":")[0] for line in world.said[:-1]]
    assert done == ["revoked"] * 2 + ["deleted"] * 2 + ["made"] * 2 + ["granted"] * 2


class Killed(BaseException):
    """The process ends here."""


class Killing:
    """A session whose Lake Formation ends the process before its n-th change."""

    def __init__(self, changes: int) -> None:
        self.left = changes
        self._session = boto3.Session()

    def client(self, service: str) -> Any:
        made = self._session.client(service)
        if service == "lakeformation":
            made.meta.events.register("before-call.lakeformation.*", self._count)
        return made

    def _count(self, model: Any, **_: Any) -> None:
        if not model.name.startswith(("List", "Get")):
            if not self.left:
                raise Killed
            self.left -= 1


@pytest.mark.parametrize("changes", range(8))
def test_killed_before_any_change_it_is_made_up_for_and_nobody_saw_more(
    world: World, changes: int
) -> None:
    before, after = sales(GERMAN), sales(Readers(group="us", only=("order_id",)))
    world.keep(before)
    world.session = Killing(changes)
    with pytest.raises(Killed):
        world.keep(after)
    filtered = {(database, table) for database, table, _ in world.filters()}
    assert {*world.granted("eu"), *world.granted("us")} <= filtered
    world.session = boto3.Session()
    world.keep(after)
    assert (world.granted("eu"), world.granted("us")) == ([], sorted(world.places))
    world.keep(after, apply=False)


def test_a_table_that_is_not_there_yet_waits_and_the_others_do_not(world: World) -> None:
    world.glue.delete_table(DatabaseName=world.places[1][0], Name="sales_latest")
    world.keep(sales(GERMAN))
    assert world.granted("eu") == [world.places[0]]
    assert any(
        line.startswith("waits: ") and "sales_latest for eu: the table is not there" in line
        for line in world.said
    )
    world.table(*world.places[1])
    world.keep(sales(GERMAN))
    assert world.granted("eu") == sorted(world.places)


@pytest.mark.parametrize(
    ("readers", "why"),
    [
        (replace(GERMAN, only=("order_id", "land")), "names land, and the columns are"),
        (replace(GERMAN, only=(), excluded=("land",)), "names land, and the columns are"),
        (replace(GERMAN, rows="land = 'DE'"), "names land, and the columns are"),
        (replace(GERMAN, rows="country = 1"), "compares country with a number"),
        (replace(GERMAN, rows='"on" = 1'), "which is of type date"),
    ],
)
def test_a_filter_that_a_table_cannot_have_closes_it_and_is_told(
    world: World, readers: Readers, why: str
) -> None:
    world.keep(sales(GERMAN))
    with pytest.raises(CheckFailed, match="sees nothing of this table until both agree") as caught:
        world.keep(sales(readers))
    assert why in str(caught.value)
    assert world.granted("eu") == []
    assert world.filters() == {}


def test_columns_of_former_schemas_are_none(world: World) -> None:
    database, name = world.places[0]
    columns = [
        {"Name": "order_id", "Type": "bigint", "Parameters": {"iceberg.field.current": "true"}},
        {"Name": "country", "Type": "string", "Parameters": {"iceberg.field.current": "false"}},
    ]
    world.glue.update_table(
        DatabaseName=database, TableInput={"Name": name, "StorageDescriptor": {"Columns": columns}}
    )
    with pytest.raises(CheckFailed, match=r"names country, and the columns are order_id\."):
        world.keep(sales(GERMAN))
    assert world.granted("eu") == [world.places[1]]


def test_a_curated_table_has_filters_of_its_own(world: World) -> None:
    database = world.environment.names.curated_database
    world.table(database, "by_country", country="string", orders="bigint")
    few = Readers(group="us", rows="orders < 10")
    world.keep(sales(GERMAN, curated=[CuratedTable(table="by_country", readers=(few,))]))
    assert world.granted("us") == [(database, "by_country")]


def test_what_somebody_else_has_granted_to_a_group_is_told(world: World) -> None:
    world.keep(sales(GERMAN))
    role = world.environment.role_arn(world.environment.names.group_role("eu"))
    database, name = world.places[0]
    table = {"Table": {"DatabaseName": database, "Name": name}}
    world.grant(role, {"Database": {"Name": database}}, "DESCRIBE")
    world.grant(role, table, "DESCRIBE")
    world.keep(sales(GERMAN))
    world.grant(role, table, "SELECT")
    with pytest.raises(CheckFailed, match=r"eu: its role has DESCRIBE, SELECT on .*'Table'"):
        world.keep(sales(GERMAN))


@pytest.mark.parametrize("principal", EVERYBODY)
def test_a_table_that_is_open_to_everybody_is_told(world: World, principal: str) -> None:
    world.keep(sales(GERMAN))
    account = world.environment.account.aws_account_id
    database, name = world.places[0]
    everybody = principal.format(account=account)
    world.grant(everybody, {"Table": {"DatabaseName": "others", "Name": name}}, "ALL")
    world.keep(sales(GERMAN))
    world.grant(everybody, {"Table": {"DatabaseName": database, "Name": name}}, "ALL")
    with pytest.raises(CheckFailed, match=r"everybody has ALL on .*groups see all of it"):
        world.keep(sales(GERMAN))


def test_a_filter_of_another_group_is_taken_from_a_role(world: World) -> None:
    world.keep(sales(GERMAN, Readers(group="us")))
    names = world.environment.names
    database, name = world.places[0]
    of_us = {"DatabaseName": database, "TableName": name, "Name": names.cells_filter("us")}
    of_us["TableCatalogId"] = world.environment.account.aws_account_id
    role = world.environment.role_arn(names.group_role("eu"))
    world.grant(role, {"DataCellsFilter": of_us}, "SELECT")
    world.keep(sales(GERMAN, Readers(group="us")))
    assert [line.partition(":")[0] for line in world.said[:-1]] == ["revoked"]
    assert world.granted("eu") == sorted(world.places)


def test_filters_that_are_not_of_groups_are_left_alone(world: World) -> None:
    database, name = world.places[0]
    world.lake_formation.create_data_cells_filter(
        TableData={
            "TableCatalogId": world.environment.account.aws_account_id,
            "DatabaseName": database,
            "TableName": name,
            "Name": "somebody-else-s",
            "RowFilter": {"AllRowsWildcard": {}},
            "ColumnWildcard": {},
        }
    )
    world.keep(sales())
    assert [key[2] for key in world.filters()] == ["somebody-else-s"]


def test_more_filters_than_a_page_has_are_all_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "_PAGE", 2)
    database = world.environment.names.curated_database
    tables = [CuratedTable(table=f"t{n}", readers=(Readers(group="eu"),)) for n in range(5)]
    for table in tables:
        world.table(database, table.table)
    world.keep(sales(curated=tables))
    world.keep(sales(curated=tables), apply=False)
    assert world.said == ["dev: 5 filters stood as contracts say"]


FILTER = {
    "TableCatalogId": "222222222222",
    "TableName": "sales",
    "Name": "one",
    "RowFilter": {"AllRowsWildcard": {}},
    "ColumnNames": ["order_id"],
}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"TableName": "nothing"}, "EntityNotFoundException"),
        ({"ColumnNames": ["nothing"]}, "InvalidInputException"),
        ({"ColumnNames": []}, "InvalidInputException"),
        ({"ColumnWildcard": {}}, "InvalidInputException"),
        ({"RowFilter": {}}, "InvalidInputException"),
        ({"Name": "there"}, "AlreadyExistsException"),
    ],
)
def test_the_laptop_s_lake_formation_refuses_what_the_real_one_does(
    world: World, change: dict[str, Any], code: str
) -> None:
    database, _ = world.places[0]
    lake = world.lake_formation
    there = {**FILTER, "DatabaseName": database, "Name": "there"}
    lake.create_data_cells_filter(TableData=there)
    with pytest.raises(ClientError) as caught:
        lake.create_data_cells_filter(TableData={**FILTER, "DatabaseName": database, **change})
    assert caught.value.response["Error"]["Code"] == code
    named = {key: there[key] for key in ("TableCatalogId", "DatabaseName", "TableName", "Name")}
    found = lake.get_data_cells_filter(**named)["DataCellsFilter"]
    assert found["ColumnNames"] == ["order_id"]
