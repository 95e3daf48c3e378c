"""List prices of AWS, a file for each region that is known."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from config.errors import UnknownPrices, ValueRuleError
from config.validation import Frozen, broken_rules
from config.yaml_source import read_mapping

PRICES = Path(__file__).parent

Usd = Annotated[float, Field(gt=0)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class GluePrices(Frozen):
    dpu_hour: Usd
    flex_dpu_hour: Usd
    memory_dpu_hour: Usd


class LambdaPrices(Frozen):
    arm_gb_second: Usd
    million_requests: Usd


class S3Prices(Frozen):
    gb_month: Mapping[str, Usd]
    """By storage class, as templates call it."""
    tier_gb_month: Mapping[str, Usd]
    """By tier of S3 Intelligent-Tiering."""
    thousand_puts: Usd
    thousand_gets: Usd
    thousand_transitions: Mapping[str, Usd]
    """By the storage class that objects move to."""
    thousand_monitored_objects: Usd
    """A month, in S3 Intelligent-Tiering."""


class DynamoDbPrices(Frozen):
    million_writes: Usd
    """Of 1 KB each, on demand."""
    million_reads: Usd
    """Of 4 KB each, consistent, on demand."""
    gb_month: Usd
    backup_gb_month: Usd


class CloudWatchPrices(Frozen):
    metric_month: Usd
    alarm_metric_month: Usd
    fast_alarm_metric_month: Usd
    composite_alarm_month: Usd
    dashboard_month: Usd
    log_gb: Usd
    log_gb_month: Usd
    million_traces: Usd


class SqsPrices(Frozen):
    million_requests: Usd


class SnsPrices(Frozen):
    million_publishes: Usd
    million_deliveries: Mapping[str, Usd]
    """By protocol, as templates call it."""


class EventsPrices(Frozen):
    million_opt_in_events: Usd
    """Of AWS services that send events only if asked to, such as S3; all others are free."""


class KmsPrices(Frozen):
    key_month: Usd
    rotated_key_month: Usd
    million_requests: Usd


class AthenaPrices(Frozen):
    tb_scanned: Usd


class RedshiftPrices(Frozen):
    rpu_hour: Usd


class SecretsManagerPrices(Frozen):
    secret_month: Usd


class NetworkPrices(Frozen):
    endpoint_hour: Usd
    endpoint_gb: Usd
    nat_hour: Usd
    nat_gb: Usd
    address_hour: Usd


class GuardDutyPrices(Frozen):
    scanned_gb: Usd
    thousand_scanned_objects: Usd


class DeliveryPrices(Frozen):
    action_minute: Usd
    build_minute: Mapping[str, Usd]
    """By the type of machine, as templates call it."""


class Prices(Frozen):
    """All prices of a region."""

    written: Day
    compared: Day | Literal[""]
    """The day on which somebody has last compared them with AWS's pages; empty if nobody has."""
    glue: GluePrices
    lambda_: LambdaPrices = Field(alias="lambda")
    s3: S3Prices
    dynamodb: DynamoDbPrices
    cloudwatch: CloudWatchPrices
    sqs: SqsPrices
    sns: SnsPrices
    events: EventsPrices
    kms: KmsPrices
    athena: AthenaPrices
    redshift: RedshiftPrices
    secrets_manager: SecretsManagerPrices
    network: NetworkPrices
    guardduty: GuardDutyPrices
    delivery: DeliveryPrices


def regions_with_prices() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in PRICES.glob("*.yaml")))


@cache
def prices_of(region: str) -> Prices:
    """Return the prices of a region.

    Raises UnknownPrices for one without a file, ValueRuleError for a wrong file.
    """
    if region not in regions_with_prices():
        raise UnknownPrices(unknown_prices(region))
    path = PRICES / f"{region}.yaml"
    try:
        return Prices.model_validate(read_mapping(path))
    except ValidationError as error:
        raise ValueRuleError(path.name, broken_rules(error, Prices)) from error


def unknown_prices(region: str) -> str:
    return (
        f"config/prices has no {region}.yaml; it has {', '.join(regions_with_prices())}: add one, "
        "or name in cost.pricesOf the region whose prices are to be used instead"
    )
