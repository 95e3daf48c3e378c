"""Checks the SQL of a contract: in its rules, its curated tables and its DQDL. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from config.errors import BrokenRule
from config.sql_checks import columns_in, wrong_condition, wrong_query
from dqdl import Analyzer, DqdlError, Rule, leaves_of, parse
from dqdl.syntax import Sql, Watched
from wires.column_names import column_name_of
from wires.contracts import CuratedTable, DatasetContract, Evolution, Quality


def broken_sql(contract: DatasetContract) -> Iterator[BrokenRule]:
    """Yield SQL that cannot be run, with its place."""
    for rule in contract.rules:
        wrong = wrong_condition(rule.expect) or _unknown_column(rule.expect, contract)
        if wrong:
            yield BrokenRule(field=f"rules.{rule.name}", value=rule.expect, rule=wrong)
    if contract.deleted_when:
        text = contract.deleted_when
        wrong = wrong_condition(text) or _unknown_column(text, contract)
        if wrong:
            yield BrokenRule(field="deleted_when", value=text, rule=wrong)
    yield from _in_dqdl("quality.rules", contract.quality)
    for position, table in enumerate(contract.curated):
        yield from _in_table(f"curated[{position}]", table, contract.name)
    own = {contract.name, *(table.table for table in contract.curated)}
    for position, view in enumerate(contract.views):
        wrong = wrong_query(view.sql, own.union(view.uses))
        if wrong:
            yield BrokenRule(field=f"views[{position}].sql", value=view.source, rule=wrong)


def _in_table(field: str, table: CuratedTable, dataset: str) -> Iterator[BrokenRule]:
    wrong = wrong_query(table.sql, {dataset, *table.uses}) if table.sql else None
    if wrong:
        yield BrokenRule(field=f"{field}.sql", value=table.source, rule=wrong)
    yield from _in_dqdl(f"{field}.quality.rules", table.quality)


def _in_dqdl(field: str, quality: Quality) -> Iterator[BrokenRule]:
    try:
        rules = parse(quality.rules, source=quality.source) if quality.rules else None
    except DqdlError:
        return  # reported where the file is read
    if rules is None:
        return
    every: list[Rule | Analyzer] = [leaf for rule in rules.rules for leaf in leaves_of(rule)]
    for one in (*every, *rules.analyzers):
        for wrong in _wrong_in(one):
            place = f"{quality.source}:{one.place.line}:{one.place.column}"
            yield BrokenRule(field=field, value=quality.source, rule=f"{place}: SQL {wrong}")


def _wrong_in(rule: Rule | Analyzer) -> Iterator[str]:
    target = rule.target.target if isinstance(rule.target, Watched) else rule.target
    found = [
        wrong_query(target.statement) if isinstance(target, Sql) else None,
        wrong_condition(rule.where) if rule.where else None,
    ]
    yield from (wrong for wrong in found if wrong)


def _unknown_column(condition: str, contract: DatasetContract) -> str | None:
    """Return why a condition names an unknown column; None if it does not.

    Only for contracts that declare all columns and allow no others.
    """
    if contract.evolution is Evolution.EVOLVE or not contract.columns:
        return None
    declared = [column.name for column in contract.columns]
    known = {name.lower() for name in declared} | {column_name_of(name) for name in declared}
    for name in columns_in(condition):
        if name.lower() not in known and column_name_of(name) not in known:
            return f"names {name}, and the columns are {', '.join(declared)}"
    return None
