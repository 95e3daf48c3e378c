"""Compares filters and grants of groups of readers with contracts, and makes them agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from config.environments import Environment
from config.reader_filters import CellsFilter, cells_filters
from operations.access.plan import Action, Plan, Present, Step, Types, planned
from operations.access.standing import EVERYBODY, LakeFormation
from operations.errors import CheckFailed
from wires.contracts import DatasetContract

Say = Callable[[str], object]


def keep_access(
    environment: Environment,
    contracts: Sequence[DatasetContract],
    session: Any,
    *,
    apply: bool,
    say: Say,
) -> None:
    """Tell what differs from contracts, and change it if `apply` says so.

    Raises CheckFailed if something still differs at the end. Killed anywhere, it makes up for it
    the next time: each change is of one thing, and a filter is there before anybody is granted it.
    """
    keeper = _Keeper(environment, session)
    plan = keeper.plan(list(cells_filters(contracts, environment)))
    for step in plan.steps:
        if apply:
            keeper.take(step)
        say(step.told(done=apply))
    for place in plan.waiting:
        say(f"waits: {place}: the table is not there yet; run this again when it is")
    _conclude(environment, plan, apply=apply, say=say)


def _conclude(environment: Environment, plan: Plan, *, apply: bool, say: Say) -> None:
    left = [] if apply else [f"{len(plan.steps)} changes are to be made: --apply makes them"]
    wrong = [*(left if plan.steps else []), *plan.findings]
    if wrong:
        told = "".join(f"\n  {one}" for one in wrong)
        raise CheckFailed(f"groups of readers of {environment.name} are not as they should:{told}")
    made = f", {len(plan.steps)} changes are made" if plan.steps else ""
    say(f"{environment.name}: {plan.kept} filters stood as contracts say{made}")


class _Keeper:
    """Reads and changes one environment."""

    def __init__(self, environment: Environment, session: Any) -> None:
        names = environment.names
        self._environment = environment
        self._databases = (names.processed_database, names.curated_database)
        self._glue = session.client("glue")
        self._lake_formation = LakeFormation(
            client=session.client("lakeformation"),
            account=environment.account.aws_account_id,
            prefix=names.cells_filters,
        )

    def plan(self, wanted: Sequence[CellsFilter]) -> Plan:
        return planned(wanted, self._present(wanted))

    def take(self, step: Step) -> None:
        """Make a change."""
        lake = self._lake_formation
        if step.action is Action.REVOKE:
            lake.revoke(step.place, step.role)
        elif step.action is Action.DELETE:
            lake.delete(step.place)
        elif step.action is Action.GRANT:
            lake.grant(step.place, step.role)
        elif step.seen:
            change = lake.create if step.action is Action.CREATE else lake.update
            change(step.place, step.seen)

    def _present(self, wanted: Iterable[CellsFilter]) -> Present:
        lake, names = self._lake_formation, self._environment.names
        filters = {
            place: seen for place, seen in lake.filters() if place.database in self._databases
        }
        groups = {place.group for place in filters} | {*self._environment.settings.reading.groups}
        tables = {(one.database, one.table) for one in wanted}
        found = {table: self._types(*table) for table in sorted(tables)}
        return Present(
            filters=filters,
            grants=[
                (grant, lake.granted_place(grant))
                for grant in lake.grants()
                if grant.database in self._databases
            ],
            roles={self._environment.role_arn(names.group_role(one)): one for one in groups},
            everybody=[one.format(account=lake.account) for one in EVERYBODY],
            tables={table: types for table, types in found.items() if types is not None},
        )

    def _types(self, database: str, table: str) -> Types | None:
        """Return the columns of a table's current schema; None if there is no table."""
        try:
            found = self._glue.get_table(DatabaseName=database, Name=table)["Table"]
        except self._glue.exceptions.EntityNotFoundException:
            return None
        columns = [*found["StorageDescriptor"]["Columns"], *found.get("PartitionKeys", ())]
        # Iceberg's tables keep columns of former schemas in the catalog.
        return {
            one["Name"]: one["Type"]
            for one in columns
            if one.get("Parameters", {}).get("iceberg.field.current") != "false"
        }
