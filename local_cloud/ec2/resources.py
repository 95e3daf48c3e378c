"""AWS::EC2::VPCCidrBlock: further addresses of a VPC."""

from __future__ import annotations

from moto.ec2.models import ec2_backends

from local_cloud.cloudformation.resource import Place, Properties, Resource, resource_type


@resource_type("AWS::EC2::VPCCidrBlock")
def create_vpc_cidr_block(name: str, properties: Properties, place: Place) -> Resource:  # noqa: ARG001 - as CloudFormation calls it
    """Give a VPC further addresses."""
    made = ec2_backends[place.account][place.region].associate_vpc_cidr_block(
        properties["VpcId"], properties["CidrBlock"], amazon_provided_ipv6_cidr_block=False
    )
    return Resource(str(made["association_id"]))
