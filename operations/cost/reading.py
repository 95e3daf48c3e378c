"""What it costs to look at data: readers, and a scan for malware."""

from __future__ import annotations

from collections.abc import Iterator

from operations.cost.charges import DAYS, Charge, Resource, Service, Situation


def queries(situation: Situation) -> Charge:
    """Return what readers pay; no resource of the templates stands for them."""
    load = situation.workload
    return Charge(
        service=Service.ATHENA,
        resource="(queries)",
        what="TB scanned",
        quantity=load.queries_per_day * DAYS * load.gb_per_query / 1024,
        price=situation.prices.athena.tb_scanned,
    )


def malware_scan(resource: Resource, situation: Situation) -> Iterator[Charge]:
    prices, load = situation.prices.guardduty, situation.workload
    for what, quantity, price in (
        ("GB scanned", load.gb_per_day * DAYS, prices.scanned_gb),
        ("objects scanned", situation.uploads / 1000, prices.thousand_scanned_objects),
    ):
        yield Charge(
            service=Service.GUARDDUTY,
            resource=resource.id,
            what=what,
            quantity=quantity,
            price=price,
        )
