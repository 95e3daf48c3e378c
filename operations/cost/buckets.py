"""What buckets cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from operations.cost import usage
from operations.cost.charges import DAYS, Charge, Resource, Service, Situation, Unpriced

_LEAST_OBJECT_GB = 128 / 1024**2
"""Smaller objects stay where they are: no rule of a lifecycle moves them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
"""
_INFREQUENT_DAYS, _ARCHIVE_DAYS = 30.0, 90.0
"""Days without a reader after which S3 Intelligent-Tiering moves an object down."""
_SMALL_BUCKET_GB = 1.0
"""Of buckets that hold artifacts and the like."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a bucket takes in, by day, and how it is asked for, by month."""

    gb: float = 0.0
    objects: float = 0.0
    puts: float = 0.0
    gets: float = 0.0


def bucket(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield storage by class, moves between classes, requests, and events."""
    prices = situation.prices.s3
    contents = contents_of(resource, situation)
    yield from _storage(resource, situation, contents)
    for what, count, price in (
        ("PUT and LIST requests", contents.puts, prices.thousand_puts),
        ("GET requests", contents.gets, prices.thousand_gets),
    ):
        yield _s3(resource, what, count / 1000, price)
    if "EventBridgeConfiguration" in resource.properties.get("NotificationConfiguration", {}):
        # Of the same object there is one more when it moves to another class.
        events = 2 * contents.objects * DAYS / 1e6
        yield Charge(
            service=Service.EVENTBRIDGE,
            resource=resource.id,
            what="S3's events",
            quantity=events,
            price=situation.prices.events.million_opt_in_events,
        )


def contents_of(resource: Resource, situation: Situation) -> Contents:
    """Return what a bucket gets; one that is not a zone's has little."""
    names, load = situation.environment.names, situation.workload
    tables = usage.tables_in_runs(situation)
    name = resource.properties.get("BucketName")
    if name == names.raw_bucket:
        uploads = situation.uploads
        return Contents(
            gb=load.gb_per_day,
            objects=load.uploads_per_day,
            puts=uploads,
            gets=usage.GETS_OF_AN_UPLOAD * uploads,
        )
    if name in (names.processed_bucket, names.curated_bucket):
        is_curated = name == names.curated_bucket
        gb = load.gb_per_day * (load.curated_gb_per_gb if is_curated else load.table_gb_per_gb)
        return Contents(
            gb=gb,
            objects=gb / usage.GB_IN_ALL_TABLES_FILES,
            puts=usage.PUTS_OF_A_TABLE_IN_A_RUN * tables,
            gets=usage.GETS_OF_A_TABLE_IN_A_RUN * tables,
        )
    if name == names.quality_bucket:
        objects = load.uploads_per_day * load.quarantined_share
        return Contents(
            gb=load.gb_per_day * load.quarantined_share, objects=objects, puts=objects * DAYS
        )
    if name == names.assets_bucket:
        puts = usage.PUTS_OF_A_RUN * situation.all_runs
        return Contents(gb=puts / DAYS * 1e-5, objects=puts / DAYS, puts=puts, gets=2 * puts)
    if name == names.results_bucket:
        puts = usage.PUTS_OF_A_QUERY * load.queries_per_day
        gb = usage.RESULT_GB_OF_A_QUERY * load.queries_per_day
        return Contents(gb=gb, objects=puts, puts=puts * DAYS, gets=puts * DAYS)
    if name == names.access_logs_bucket:
        others = [one for one in situation.of_type("AWS::S3::Bucket") if one.id != resource.id]
        requests = sum(c.puts + c.gets for c in (contents_of(o, situation) for o in others))
        return Contents(gb=requests / DAYS * usage.ACCESS_LOG_GB_OF_A_REQUEST)
    kept = situation.workload.months_kept * DAYS
    return Contents(gb=_SMALL_BUCKET_GB / kept)


def _storage(resource: Resource, situation: Situation, contents: Contents) -> Iterator[Charge]:
    prices = situation.prices.s3
    kept = min(situation.workload.months_kept * DAYS, _expires_after(resource))
    moves_to, after = _moves(resource)
    is_small = contents.objects > 0 and contents.gb / contents.objects < _LEAST_OBJECT_GB
    if not moves_to or is_small:
        moves_to, after = "", kept
    standard = contents.gb * min(kept, after)
    yield _s3(resource, "STANDARD, GB", standard, prices.gb_month["STANDARD"])
    if not moves_to or kept <= after:
        return
    if moves_to == "INTELLIGENT_TIERING":
        yield from _tiers(resource, situation, contents.gb, days=kept - after)
        monitored = contents.objects * (kept - after) / 1000
        yield _s3(resource, "monitored objects", monitored, prices.thousand_monitored_objects)
    else:
        yield _s3(
            resource,
            f"{moves_to}, GB",
            contents.gb * (kept - after),
            _of_class(prices.gb_month, moves_to, resource),
        )
    moved = contents.objects * DAYS / 1000
    price = _of_class(prices.thousand_transitions, moves_to, resource)
    yield _s3(resource, f"moves to {moves_to}", moved, price)


def _tiers(
    resource: Resource, situation: Situation, gb_per_day: float, *, days: float
) -> Iterator[Charge]:
    """Yield what objects cost of which nobody reads any."""
    bounds = (0.0, _INFREQUENT_DAYS, _ARCHIVE_DAYS, float("inf"))
    for tier, start, end in zip(
        ("frequent", "infrequent", "archive"), bounds, bounds[1:], strict=False
    ):
        gb = gb_per_day * max(0.0, min(days, end) - start)
        price = situation.prices.s3.tier_gb_month[tier]
        yield _s3(resource, f"INTELLIGENT_TIERING {tier}, GB", gb, price)


def _rules(resource: Resource) -> list[Mapping[str, Any]]:
    rules: list[Mapping[str, Any]] = resource.properties.get("LifecycleConfiguration", {}).get(
        "Rules", []
    )
    # Those with a tag are about files that tables have left behind.
    return [rule for rule in rules if "TagFilters" not in rule and rule["Status"] == "Enabled"]


def _expires_after(resource: Resource) -> float:
    days = [float(r["ExpirationInDays"]) for r in _rules(resource) if "ExpirationInDays" in r]
    return min(days, default=float("inf"))


def _moves(resource: Resource) -> tuple[str, float]:
    """Return the class that objects move to and after how many days, or "" and 0."""
    moves = [move for rule in _rules(resource) for move in rule.get("Transitions", ())]
    if len(moves) > 1:
        raise Unpriced(
            f"expected {resource.id} to move its objects once, got {moves}: add the further "
            "classes to operations/cost/buckets.py"
        )
    return next(((str(m["StorageClass"]), float(m["TransitionInDays"])) for m in moves), ("", 0.0))


def _of_class(prices: Mapping[str, float], storage_class: str, resource: Resource) -> float:
    if storage_class not in prices:
        raise Unpriced(
            f"{resource.id} moves objects to {storage_class}, for which config/prices has no "
            f"price; it has {', '.join(prices)}"
        )
    return prices[storage_class]


def _s3(resource: Resource, what: str, quantity: float, price: float) -> Charge:
    return Charge(
        service=Service.S3, resource=resource.id, what=what, quantity=quantity, price=price
    )
