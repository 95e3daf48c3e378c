"""The shop's customers: a full list on the first day, changes and newcomers on the third."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random

from local_cloud.shop.records import DAYS, BrokenRow, Customer, chance_of, moment

LISTED = 60
NEWCOMERS = 5
CUT_SHORT = 17
"""Customer whose row ends early in the list, and comes again, whole, with the changes."""
SPLIT_NAME = 42
"""Customer whose name has a comma without quotes; the row never comes again."""
_WITHOUT_EMAIL = (9, 28, 55)
_MOVING = (3, 14, 26, 31, 47, 52)
_GIVEN = (
    ("Zoë", "zoe"),
    ("Łukasz", "lukasz"),
    ("Márta", "marta"),
    ("Søren", "soeren"),
    ("Iñaki", "inaki"),
    ("Noémie", "noemie"),
    ("Jürgen", "juergen"),
    ("Aoife", "aoife"),
    ("Žofie", "zofie"),
    ("Teun", "teun"),
)
_FAMILY = (
    ("Brandt", "brandt"),
    ("Wójcik", "wojcik"),
    ("Szabó", "szabo"),
    ("Åkerlund", "akerlund"),
    ("Lefèvre", "lefevre"),
    ("Núñez", "nunez"),
    ("O'Shea", "oshea"),
    ("Dvořák", "dvorak"),
    ("Grünwald", "gruenwald"),
    ("Ferrari", "ferrari"),
)
_PLACES = (
    ("Köln", "DE"),
    ("Leipzig", "DE"),
    ("Łódź", "PL"),
    ("Kraków", "PL"),
    ("Besançon", "FR"),
    ("Nîmes", "FR"),
    ("Málaga", "ES"),
    ("Galway", "IE"),
    ("Plzeň", "CZ"),
)


def first_list() -> tuple[Customer, ...]:
    """Return all customers of the first day, by number from 1."""
    return _customers()[:LISTED]


def broken_rows() -> tuple[BrokenRow, ...]:
    """Return the two broken rows as they are in a file whose header is line 1."""
    known = {customer.customer_id: customer for customer in first_list()}
    cut, split = known[CUT_SHORT], known[SPLIT_NAME]
    family_first = ",".join(reversed(split.name.split(" ", 1)))
    at = f"{split.updated_at:%Y-%m-%dT%H:%M:%SZ}"
    whole = f"{SPLIT_NAME},{family_first},{split.email},{split.city},{split.country},{at}"
    return (
        BrokenRow(
            line=CUT_SHORT + 1, text=f"{CUT_SHORT},{cut.name}", reason="2 fields, expected 6"
        ),
        BrokenRow(line=SPLIT_NAME + 1, text=whole, reason="7 fields, expected 6"),
    )


def changes() -> tuple[Customer, ...]:
    """Return the third day's customers: moves, the one whose row was cut short, and newcomers."""
    chance = chance_of("changes of customers")
    known = {customer.customer_id: customer for customer in first_list()}
    moved = [_moved(chance, known[number]) for number in _MOVING]
    again = replace(known[CUT_SHORT], updated_at=moment(chance, DAYS[2]))
    newcomers = [
        replace(customer, updated_at=moment(chance, DAYS[2])) for customer in _customers()[LISTED:]
    ]
    return tuple(
        replace(customer, newsletter=chance.random() < 0.5)
        for customer in (*moved, again, *newcomers)
    )


def _customers() -> tuple[Customer, ...]:
    chance = chance_of("customers")
    names = chance.sample(list(product(_GIVEN, _FAMILY)), LISTED + NEWCOMERS)
    return tuple(_customer(chance, number, *name) for number, name in enumerate(names, 1))


def _customer(
    chance: Random, number: int, given: tuple[str, str], family: tuple[str, str]
) -> Customer:
    city, country = chance.choice(_PLACES)
    email = f"{given[1]}.{family[1]}@example.org"
    return Customer(
        customer_id=number,
        name=f"{given[0]} {family[0]}",
        email=None if number in _WITHOUT_EMAIL else email,
        city=city,
        country=country,
        updated_at=moment(chance, DAYS[0]),
    )


def _moved(chance: Random, customer: Customer) -> Customer:
    """Move a customer to another country, so that sales of days long over move as well."""
    places = [place for place in _PLACES if place[1] != customer.country]
    city, country = chance.choice(places)
    return replace(customer, city=city, country=country, updated_at=moment(chance, DAYS[2]))
