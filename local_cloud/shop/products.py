"""The products of the shop: a list on the first day, other prices on the last."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from local_cloud.shop.records import DAYS, Product, chance_of, moment

_FIRST_NUMBER = 501
_MOVED_TO_GIFTS = 511
_WARES: dict[str, tuple[tuple[str, str], ...]] = {
    "tea": (
        ("Sencha, 250 g", "18.75"),
        ("Assam, 100 g", "6.40"),
        ("Earl Grey, 100 g", "7.10"),
        ("Mint, 50 g", "3.95"),
        ("Rooibos, 200 g", "8.20"),
        ("Jasmine pearls, 50 g", "12.00"),
    ),
    "coffee": (
        ("House blend, 500 g", "11.90"),
        ("Espresso, 1 kg", "23.50"),
        ("Decaf, 250 g", "7.80"),
        ("Filter papers, 100", "2.45"),
    ),
    "crockery": (
        ("Teapot, 1.2 l", "34.90"),
        ('Kettle "Dampf"', "49.00"),
        ("Cup", "4.50"),
        ("Cup and saucer", "9.95"),
        ("Strainer", "7.25"),
        ("Milk jug", "13.60"),
        ("Sugar bowl", "12.30"),
    ),
    "sweets": (
        ("Shortbread, 200 g", "4.20"),
        ("Candied ginger, 150 g", "5.55"),
        ("Florentines, 12", "8.90"),
        ("Honey, 500 g", "9.40"),
    ),
    "gifts": (
        ("Tea chest, 8 kinds", "39.50"),
        ("Breakfast basket", "59.00"),
        ("Voucher card", "25.00"),
        ("Ribbon and paper", "1.05"),
    ),
}


def first_list() -> tuple[Product, ...]:
    """Return everything that is on sale, by number."""
    chance = chance_of("products")
    wares = [(kind, *ware) for kind, several in _WARES.items() for ware in several]
    return tuple(
        Product(
            product_id=number,
            name=name,
            category=category,
            unit_price=Decimal(price),
            updated_at=moment(chance, DAYS[0]),
        )
        for number, (category, name, price) in enumerate(wares, _FIRST_NUMBER)
    )


def changes() -> tuple[Product, ...]:
    """Return other prices, and a product in a new category, to which all its sales then belong."""
    chance = chance_of("changes of products")
    known = {product.product_id: product for product in first_list()}
    dearer = chance.sample([number for number in known if number != _MOVED_TO_GIFTS], 7)
    changed = [
        replace(known[number], unit_price=known[number].unit_price + Decimal("0.35"))
        for number in sorted(dearer)
    ]
    changed.append(replace(known[_MOVED_TO_GIFTS], category="gifts"))
    return tuple(replace(product, updated_at=moment(chance, DAYS[3])) for product in changed)
