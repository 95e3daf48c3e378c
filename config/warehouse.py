"""Settings of a warehouse of Redshift Serverless, with the rule of each."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from config.validation import Frozen

_SUBNETS = 3
"""In as many zones: https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-usage-considerations.html"""
_PARTS_BITS = 2
"""The block is cut into four parts, of which three are subnets."""
_OWN_ADDRESSES = 5
"""Of each subnet, which AWS keeps."""
_SUBNET = re.compile("subnet-[0-9a-f]{8,17}")
_GROUP = re.compile("sg-[0-9a-f]{8,17}")
_PRIVATE = tuple(
    ipaddress.IPv4Network(one)
    for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)
_NAME = re.compile("[a-z][a-z0-9_]{0,62}")


def _is_capacity(rpu: int) -> bool:
    """https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-capacity.html"""
    return rpu == 4 or rpu in range(8, 513, 8) or rpu in range(544, 1025, 32)


def _capacity(rpu: int) -> int:
    if not _is_capacity(rpu):
        raise ValueError("must be 4, 8 to 512 in steps of 8, or 544 to 1024 in steps of 32 RPU")
    return rpu


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("must have 1 to 63 characters a-z 0-9 _ and begin with a letter")
    return name


Capacity = Annotated[int, AfterValidator(_capacity)]
"""RPU, each of which has 16 GB of memory. Not every region has 4, or more than 512."""
SqlName = Annotated[str, AfterValidator(_name)]
BeyondLimit = Literal["log", "deactivate"]
"""What happens beyond the day's limit: it is taken down, or no query is answered any more."""


class Warehouse(Frozen):
    """A warehouse of Redshift Serverless. It is never reachable from the internet."""

    enabled: bool = False
    base_capacity: Capacity = 8
    """RPU that a query begins with; none are billed while there is no query."""
    max_capacity: Capacity = 32
    """RPU that it grows to, at most."""
    daily_rpu_hours: int = Field(default=16, ge=1, le=24 * 1024)
    """RPU-hours of a day in UTC. CloudFormation has no such limit; a command sets it."""
    beyond_limit: BeyondLimit = "deactivate"
    query_minutes: int = Field(default=30, ge=1, le=1439)
    """Minutes after which a query is aborted."""
    database: SqlName = "lake"
    readers: SqlName = "readers"
    """Role of the database whose users may read the external schemas."""
    cidr: str = "10.43.0.0/22"
    """Further addresses of the VPC, for subnets of the warehouse; used only with `network.vpc`."""
    clients: tuple[str, ...] = ()
    """Addresses that may connect, with `network.vpc`; empty: nobody."""
    subnets: tuple[str, ...] = ()
    """Without `network.vpc`: subnets of a VPC of somebody else's."""
    security_groups: tuple[str, ...] = ()
    """Without `network.vpc`: groups of that VPC, which say who may connect."""

    @field_validator("max_capacity")
    @classmethod
    def _no_less_than_the_base(cls, rpu: int, info: ValidationInfo) -> int:
        base = info.data.get("base_capacity", rpu)
        if rpu < base:
            raise ValueError(f"must be at least baseCapacity, which is {base}")
        return rpu

    @field_validator("cidr")
    @classmethod
    def _private_addresses(cls, cidr: str) -> str:
        network = _network(cidr)
        if network is None or not _is_private(network) or not 16 <= network.prefixlen <= 24:
            raise ValueError("must be private addresses of 16 to 24 bits, such as 10.43.0.0/22")
        return cidr

    @field_validator("clients", mode="before")
    @classmethod
    def _known_clients(cls, clients: object) -> object:
        rule = "must be a list of private addresses, each once, such as 10.20.0.0/16"
        return _listed(clients, _is_client, rule)

    @field_validator("subnets", mode="before")
    @classmethod
    def _ids_of_subnets(cls, subnets: object) -> object:
        rule = "must be a list of subnets, each once, such as subnet-0123456789abcdef0"
        return _listed(subnets, lambda one: bool(_SUBNET.fullmatch(one)), rule)

    @field_validator("security_groups", mode="before")
    @classmethod
    def _ids_of_groups(cls, groups: object) -> object:
        rule = "must be a list of security groups, each once, such as sg-0123456789abcdef0"
        return _listed(groups, lambda one: bool(_GROUP.fullmatch(one)), rule)

    @property
    def subnet_cidrs(self) -> tuple[str, ...]:
        """Return the addresses of each subnet of the own VPC."""
        parts = ipaddress.IPv4Network(self.cidr).subnets(prefixlen_diff=_PARTS_BITS)
        return tuple(str(part) for part in parts)[:_SUBNETS]

    @property
    def query_seconds(self) -> int:
        return self.query_minutes * 60


def broken_places(
    warehouse: Warehouse, *, vpc: bool, vpc_cidr: str
) -> Iterator[tuple[str, str, object]]:
    """Yield field, rule and value of each setting that does not fit the network."""
    if not warehouse.enabled:
        return
    if vpc:
        yield from _broken_with_a_vpc(warehouse, vpc_cidr)
    else:
        yield from _broken_without_a_vpc(warehouse)


def _broken_with_a_vpc(warehouse: Warehouse, vpc_cidr: str) -> Iterator[tuple[str, str, object]]:
    own = "must be empty where network.vpc is true: the warehouse has its own, in that VPC"
    if warehouse.subnets:
        yield "subnets", own, list(warehouse.subnets)
    if warehouse.security_groups:
        yield "securityGroups", own, list(warehouse.security_groups)
    network = ipaddress.IPv4Network(warehouse.cidr)
    if network.overlaps(ipaddress.IPv4Network(vpc_cidr)):
        yield "cidr", f"must have other addresses than network.cidr, {vpc_cidr}", warehouse.cidr
    room = ipaddress.IPv4Network(warehouse.subnet_cidrs[0]).num_addresses - _OWN_ADDRESSES
    if room < _addresses(warehouse.max_capacity):
        rule = (
            f"must have {_addresses(warehouse.max_capacity)} free addresses in each quarter for a "
            f"maxCapacity of {warehouse.max_capacity}, it has {room}"
        )
        yield "cidr", rule, warehouse.cidr


def _broken_without_a_vpc(warehouse: Warehouse) -> Iterator[tuple[str, str, object]]:
    if len(warehouse.subnets) < _SUBNETS:
        rule = f"must name {_SUBNETS} subnets in {_SUBNETS} zones, unless network.vpc is true"
        yield "subnets", rule, list(warehouse.subnets)
    if not warehouse.security_groups:
        rule = "must name a security group of the subnets' VPC, unless network.vpc is true"
        yield "securityGroups", rule, []
    if warehouse.clients:
        rule = "must be empty unless network.vpc is true: securityGroups say who may connect"
        yield "clients", rule, list(warehouse.clients)


def _addresses(rpu: int) -> int:
    """Return how many free addresses a subnet needs, with all traffic led through the VPC.

    The table that AWS had for each capacity: 13 for 32 RPU, 133 for 512.
    """
    return rpu // 4 + 5


def _network(text: str) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Network(text)
    except ValueError:
        return None


def _is_private(network: ipaddress.IPv4Network) -> bool:
    # Python's own property says so of 0.0.0.0/0 as well, whose two ends are private.
    return any(network.subnet_of(one) for one in _PRIVATE)


def _is_client(text: str) -> bool:
    network = _network(text) if "/" in text else None
    return network is not None and _is_private(network)


def _listed(value: object, fits: Callable[[str], bool], rule: str) -> object:
    if not isinstance(value, list | tuple) or len({str(one) for one in value}) < len(value):
        raise ValueError(rule)
    if not all(isinstance(one, str) and fits(one) for one in value):
        raise ValueError(rule)
    return tuple(value)
