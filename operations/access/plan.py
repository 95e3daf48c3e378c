"""What is to be done so that groups see what contracts say. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from config.reader_filters import CellsFilter
from operations.access.standing import Grant, Place, Seen

Types = Mapping[str, str]
"""Types of a table's columns, by their names."""


class Action(Enum):
    """Changes, in the order in which they are made: nobody ever sees more in between."""

    REVOKE = ("to be revoked", "revoked")
    DELETE = ("to be deleted", "deleted")
    UPDATE = ("to be changed", "changed")
    CREATE = ("to be made", "made")
    GRANT = ("to be granted", "granted")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One change."""

    action: Action
    place: Place
    seen: Seen | None = None
    role: str = ""
    """Whom it grants to or revokes from."""

    def told(self, *, done: bool) -> str:
        what = f": {self.seen}" if self.seen else ""
        whom = f" ({self.role})" if self.role else ""
        return f"{self.action.value[done]}: {self.place}{whom}{what}"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Changes, and what no change of these can mend."""

    steps: Sequence[Step]
    findings: Sequence[str]
    waiting: Sequence[Place]
    """Filters of tables that are not there yet."""
    kept: int
    """Filters that stand as they should."""


@dataclass(frozen=True, kw_only=True)
class Present:
    """How things are."""

    filters: Mapping[Place, Seen]
    grants: Sequence[tuple[Grant, Place | None]]
    """Those on databases that have filters; each with the place of the filter, if it is ours."""
    roles: Mapping[str, str]
    """By role: its group."""
    everybody: Collection[str]
    """Whom a grant is to that is to everybody."""
    tables: Mapping[tuple[str, str], Types]
    """By database and name; those that are not there are left out."""


def planned(wanted: Iterable[CellsFilter], present: Present) -> Plan:
    """Return the changes after which groups see what is wanted, and nothing else.

    A filter that names a column which its table lacks cannot stand: the group sees nothing of the
    table until contract and table agree.
    """
    open_, findings, waiting = _open(wanted, present.tables)
    role_of = {group: role for role, group in present.roles.items()}
    selecting = {
        (place, grant.whom)
        for grant, place in present.grants
        if place and "SELECT" in grant.permissions
    }
    due = {(place, role_of[place.group]) for place in open_}
    steps = [
        *(_step(Action.REVOKE, *one) for one in sorted(selecting - due)),
        *(_step(Action.DELETE, place) for place in sorted(present.filters.keys() - open_)),
        *_filters(open_, present.filters),
        *(_step(Action.GRANT, *one) for one in sorted(due - selecting)),
    ]
    order = list(Action)
    return Plan(
        steps=sorted(steps, key=lambda step: order.index(step.action)),
        findings=[*findings, *_more_than_filters(present)],
        waiting=waiting,
        kept=len(open_.keys() - {step.place for step in steps}),
    )


def _step(action: Action, place: Place, role: str = "") -> Step:
    return Step(action=action, place=place, role=role)


def _open(
    wanted: Iterable[CellsFilter], tables: Mapping[tuple[str, str], Types]
) -> tuple[dict[Place, Seen], list[str], list[Place]]:
    """Return the filters that can stand, why others cannot, and those whose table is not there."""
    open_: dict[Place, Seen] = {}
    findings: list[str] = []
    waiting: list[Place] = []
    for one in wanted:
        place, types = Place.of(one), tables.get((one.database, one.table))
        if types is None:
            waiting.append(place)
        elif misfit := one.misfit(types):
            findings.append(
                f"{place}: the contract {misfit}. The group sees nothing of this table until both "
                "agree: change `readers` in the contract, release it, and run this again"
            )
        else:
            open_[place] = Seen.of(one)
    return open_, findings, waiting


def _filters(open_: Mapping[Place, Seen], standing: Mapping[Place, Seen]) -> Iterator[Step]:
    for place, seen in open_.items():
        if place not in standing:
            yield Step(action=Action.CREATE, place=place, seen=seen)
        elif standing[place] != seen:
            yield Step(action=Action.UPDATE, place=place, seen=seen)


def _more_than_filters(present: Present) -> Iterator[str]:
    """Yield what somebody else has granted to a group's role, beside filters, or to everybody."""
    for grant, place in present.grants:
        if not grant.shows_data or (place and not grant.hands_on):
            continue
        if group := present.roles.get(grant.whom):
            yield (
                f"{group}: its role has {grant}, which no contract says. Revoke it in Lake "
                "Formation, as an administrator there"
            )
        if grant.whom in present.everybody:
            yield (
                f"everybody has {grant}: groups see all of it, whatever their filters leave. "
                "Revoke it in Lake Formation, as an administrator there, and let its settings give "
                "new tables to nobody (docs/deployment.md)"
            )
