"""What endpoints, gateways and addresses cost."""

from __future__ import annotations

from collections.abc import Iterator

from operations.cost import usage
from operations.cost.charges import HOURS, Charge, Resource, Service, Situation


def endpoint(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield an interface endpoint, by its zones; gateways are free."""
    of = resource.properties
    if of["VpcEndpointType"] == "Gateway":
        return
    prices = situation.prices.network
    yield _network(
        resource, "endpoint-hours", len(of["SubnetIds"]) * HOURS, prices.endpoint_hour, fixed=True
    )
    peers = [
        one
        for one in situation.of_type("AWS::EC2::VPCEndpoint")
        if one.properties["VpcEndpointType"] != "Gateway"
    ]
    gb = usage.ENDPOINT_GB_OF_A_RUN * situation.all_runs / len(peers)
    yield _network(resource, "GB through an endpoint", gb, prices.endpoint_gb)


def nat_gateway(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield the hours of a gateway, and all that jobs say to AWS through it."""
    prices = situation.prices.network
    peers = sum(1 for _ in situation.of_type("AWS::EC2::NatGateway"))
    yield _network(resource, "NAT-hours", HOURS, prices.nat_hour, fixed=True)
    gb = usage.ENDPOINT_GB_OF_A_RUN * situation.all_runs / peers
    yield _network(resource, "GB through NAT", gb, prices.nat_gb)


def address(resource: Resource, situation: Situation) -> Iterator[Charge]:
    price = situation.prices.network.address_hour
    yield _network(resource, "hours of a public address", HOURS, price, fixed=True)


def _network(
    resource: Resource, what: str, quantity: float, price: float, *, fixed: bool = False
) -> Charge:
    return Charge(
        service=Service.VPC,
        resource=resource.id,
        what=what,
        quantity=quantity,
        price=price,
        fixed=fixed,
    )
