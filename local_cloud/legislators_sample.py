"""A made-up country's legislators in the Popolo format, and the history that they join to.

Each document has one JSON object per line, nested as https://www.popoloproject.com/specs/ has it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from random import Random
from typing import Any
from uuid import UUID

Document = tuple[Mapping[str, Any], ...]

_SEED = "legislators of nowhere"
_PERSONS = 40
_MEMBERSHIPS = 90
_WITHOUT_BIRTH_DATE = (4, 19, 33)
_WITHOUT_START_DATE = (6, 27, 48, 71)
_UNKNOWN_PERSON = (12, 55, 80)
_UNKNOWN_ORGANIZATION = (37, 80)
"""These four hold positions; the membership at 80 knows neither person nor organization."""
_GIVEN = ("Ada", "Bruno", "Célia", "Dragan", "Elin", "Farid", "Gyða", "Hanno", "Ilse", "Jonás")
_FAMILY = ("Achterberg", "Bellweather", "Corvin", "Dunmore", "Estrand", "Falkner", "Güell", "Hale")
_PARTIES = ("Harbour List", "Orchard Party", "Union of Commons")
_AREAS = ("Northmoor", "Eastmarch", "Southdown", "Westfen", "Midvale")
_TERMS = {
    "term/7": (date(2010, 3, 1), date(2014, 2, 28)),
    "term/8": (date(2014, 3, 1), date(2018, 2, 28)),
    "term/9": (date(2018, 3, 1), date(2022, 2, 28)),
    "term/10": (date(2022, 3, 1), None),
}
"""Beginning and end; the last term goes on, so its memberships have no end."""


@dataclass(frozen=True, kw_only=True)
class LegislatorsSample:
    """The three documents, as objects; fields that are None are not in the files."""

    persons: Document
    memberships: Document
    organizations: Document

    def files(self) -> Mapping[str, bytes]:
        """Return the files by name, with the same bytes at every call."""
        return {
            "persons.json": _lines(self.persons),
            "memberships.json": _lines(self.memberships),
            "organizations.json": _lines(self.organizations),
        }


@dataclass(frozen=True, kw_only=True)
class LegislatorsTruth:
    """The expected results for the sample."""

    history: Document
    """Each membership whose person and organization are known: its own fields, and theirs with
    `person_` and `organization_` before their names."""
    dangling: Document
    """The other memberships, in the documents' order; `unknown` lists the fields that lead
    nowhere."""
    missing: Mapping[str, int]
    """Number of records without a date, by `document.field`."""


def legislators_sample() -> LegislatorsSample:
    """Return the sample, the same at every call."""
    chance = Random(_SEED)  # noqa: S311 - made-up data
    organizations = _organizations()
    persons = _persons(chance)
    memberships = _memberships(chance, persons, organizations)
    return LegislatorsSample(persons=persons, memberships=memberships, organizations=organizations)


def legislators_truth() -> LegislatorsTruth:
    sample = legislators_sample()
    known = {"person_id": _by_id(sample.persons), "organization_id": _by_id(sample.organizations)}
    history, dangling = [], []
    for membership in sample.memberships:
        unknown = tuple(field for field in known if membership[field] not in known[field])
        if unknown:
            dangling.append({**membership, "unknown": unknown})
        else:
            named = (known[field][membership[field]] for field in known)
            history.append(_joined(membership, *named))
    return LegislatorsTruth(
        history=tuple(history),
        dangling=tuple(dangling),
        missing={
            "persons.birth_date": _lacking(sample.persons, "birth_date"),
            "memberships.start_date": _lacking(sample.memberships, "start_date"),
            "memberships.end_date": _lacking(sample.memberships, "end_date"),
        },
    )


def _by_id(document: Document) -> Mapping[str, Mapping[str, Any]]:
    return {record["id"]: record for record in document}


def _joined(
    membership: Mapping[str, Any], person: Mapping[str, Any], organization: Mapping[str, Any]
) -> Mapping[str, Any]:
    persons_own = {f"person_{name}": value for name, value in person.items()}
    organizations_own = {f"organization_{name}": value for name, value in organization.items()}
    return {**membership, **persons_own, **organizations_own}


def _organizations() -> Document:
    chambers = ("House of Delegates", "Council of Regions")
    kinds = [("legislature", name) for name in chambers] + [("party", name) for name in _PARTIES]
    return tuple(
        {
            "id": f"{kind}/{_slug(name)}",
            "name": name,
            "classification": kind,
            "identifiers": [
                {"scheme": "registry", "identifier": f"{kind[0].upper()}-{number:03d}"}
            ],
        }
        for number, (kind, name) in enumerate(kinds, 1)
    )


def _persons(chance: Random) -> Document:
    names = chance.sample(list(product(_GIVEN, _FAMILY)), _PERSONS)
    return tuple(_person(chance, number, *name) for number, name in enumerate(names))


def _person(chance: Random, number: int, given: str, family: str) -> Mapping[str, Any]:
    name, slug = f"{given} {family}", _slug(f"{given} {family}")
    born = date(1945, 1, 1) + timedelta(days=chance.randrange(45 * 365))
    email = {"type": "email", "value": f"{slug}@parliament.example"}
    phone = {"type": "phone", "value": f"+999 555 {chance.randrange(10**4):04d}"}
    return {
        "id": str(UUID(int=chance.getrandbits(128), version=4)),
        "name": name,
        "given_name": given,
        "family_name": family,
        "birth_date": None if number in _WITHOUT_BIRTH_DATE else born.isoformat(),
        "identifiers": [
            {"scheme": "roll", "identifier": f"{number:05d}"},
            {"scheme": "gazette", "identifier": f"G{chance.randrange(10**6)}"},
        ][: chance.randint(1, 2)],
        "contact_details": [email, phone][: chance.randint(0, 2)],
        "links": [{"note": "site", "url": f"https://{slug}.example/"}][: chance.randint(0, 1)],
        "other_names": [{"name": f"{given[0]}. {family}", "note": "short"}],
    }


def _memberships(chance: Random, persons: Document, organizations: Document) -> Document:
    seats = chance.sample(list(product(persons, _TERMS)), _MEMBERSHIPS)
    return tuple(
        _membership(chance, number, person["id"], term, organizations)
        for number, (person, term) in enumerate(seats)
    )


def _membership(
    chance: Random, number: int, person: str, term: str, organizations: Document
) -> Mapping[str, Any]:
    first, last = _TERMS[term]
    start = first + timedelta(days=chance.choice((0, 0, 0, chance.randrange(300))))
    chamber = chance.choice(_ids(organizations, "legislature"))
    return {
        "person_id": str(UUID(int=number)) if number in _UNKNOWN_PERSON else person,
        "organization_id": "legislature/old" if number in _UNKNOWN_ORGANIZATION else chamber,
        "on_behalf_of_id": chance.choice(_ids(organizations, "party")),
        "area_id": f"area/{_slug(chance.choice(_AREAS))}",
        "role": chance.choices(("member", "speaker"), (19, 1))[0],
        "legislative_period_id": term,
        "start_date": None if number in _WITHOUT_START_DATE else start.isoformat(),
        "end_date": last and last.isoformat(),
    }


def _ids(organizations: Document, kind: str) -> Sequence[str]:
    return [item["id"] for item in organizations if item["classification"] == kind]


def _slug(name: str) -> str:
    return name.lower().translate(str.maketrans("éüðá ", "euda-"))


def _lacking(document: Document, field: str) -> int:
    return sum(record[field] is None for record in document)


def _lines(document: Document) -> bytes:
    told = ({k: v for k, v in record.items() if v is not None} for record in document)
    return "".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in told).encode()
