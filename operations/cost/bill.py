"""The bill of a month: by service and by resource, fixed and variable parts apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from operations.cost.charges import Charge, Service, Situation
from operations.cost.pricing import charges_of
from operations.cost.reading import queries


@dataclass(frozen=True, kw_only=True)
class Bill:
    """Charges of a part of the product: an environment, or its delivery."""

    of: str
    charges: Sequence[Charge]

    @classmethod
    def for_situation(cls, of: str, situation: Situation, *, readers: bool) -> Bill:
        """Return the bill; with `readers`, of the queries too. Raises Unpriced."""
        found = [
            charge
            for resource in situation.resources.values()
            for charge in charges_of(resource, situation)
        ]
        return cls(of=of, charges=[*found, *([queries(situation)] if readers else [])])

    @property
    def usd(self) -> float:
        return sum(charge.usd for charge in self.charges)

    @property
    def fixed_usd(self) -> float:
        return sum(charge.usd for charge in self.charges if charge.fixed)

    def of_service(self, service: Service) -> Bill:
        return Bill(of=service.value, charges=[c for c in self.charges if c.service is service])

    def services(self) -> Iterator[Bill]:
        """Yield a bill for each service that costs something, the dearest first."""
        bills = [self.of_service(service) for service in Service]
        yield from sorted((b for b in bills if b.usd), key=lambda bill: -bill.usd)

    def resources(self) -> Iterator[Bill]:
        """Yield a bill for each resource, the dearest first."""
        ids = dict.fromkeys(charge.resource for charge in self.charges)
        bills = [Bill(of=id, charges=[c for c in self.charges if c.resource == id]) for id in ids]
        yield from sorted((b for b in bills if b.usd), key=lambda bill: -bill.usd)

    def to_json(self) -> dict[str, Any]:
        return {
            "of": self.of,
            "usd": round(self.usd, 2),
            "fixed_usd": round(self.fixed_usd, 2),
            "services": {
                bill.of: {"usd": round(bill.usd, 2), "fixed_usd": round(bill.fixed_usd, 2)}
                for bill in self.services()
            },
            "charges": [
                {
                    "service": charge.service.value,
                    "resource": charge.resource,
                    "what": charge.what,
                    "quantity": round(charge.quantity, 6),
                    "price": charge.price,
                    "usd": round(charge.usd, 4),
                    "fixed": charge.fixed,
                }
                for charge in self.charges
                if charge.usd
            ],
        }

    def lines(self, *, limit: int) -> Iterator[str]:
        yield f"{self.of}: {_usd(self.usd)} USD a month, {_usd(self.fixed_usd)} of it fixed"
        yield ""
        yield f"{'service':34}{'fixed':>10}{'variable':>10}{'all':>10}"
        for bill in self.services():
            yield _row(bill)
        yield ""
        yield f"{'resource':34}{'fixed':>10}{'variable':>10}{'all':>10}"
        for bill in list(self.resources())[:limit]:
            yield _row(bill)


def _row(bill: Bill) -> str:
    variable = bill.usd - bill.fixed_usd
    name = bill.of.rpartition("/")[2]
    short = name if len(name) <= 33 else f"{name[:32]}…"
    return f"{short:34}{_usd(bill.fixed_usd):>10}{_usd(variable):>10}{_usd(bill.usd):>10}"


def _usd(amount: float) -> str:
    return f"{amount:,.2f}"
