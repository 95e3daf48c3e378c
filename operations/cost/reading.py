"""What it costs to look at data: readers, a warehouse, and a scan for malware."""

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


def workgroup(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield the RPU-hours in which queries run, at the base capacity; an idle one costs nothing.

    Where the day's limit turns queries off, there are no more than it allows.
    """
    warehouse = situation.environment.settings.redshift
    hours = situation.workload.warehouse_hours_per_day * float(resource.properties["BaseCapacity"])
    if warehouse.beyond_limit == "deactivate":
        hours = min(hours, float(warehouse.daily_rpu_hours))
    yield Charge(
        service=Service.REDSHIFT,
        resource=resource.id,
        what="RPU-hours",
        quantity=hours * DAYS,
        price=situation.prices.redshift.rpu_hour,
    )


def namespace(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield the administrator's secret; external tables are stored in S3, and nothing here."""
    yield Charge(
        service=Service.SECRETS_MANAGER,
        resource=resource.id,
        what="secret of the administrator",
        quantity=1,
        price=situation.prices.secrets_manager.secret_month,
        fixed=True,
    )
