"""Subnets and security group of a warehouse in the VPC of the environment."""

from __future__ import annotations

import aws_cdk as cdk
import aws_cdk.aws_ec2 as ec2
from constructs import Construct

from config.naming import Names
from config.warehouse import Warehouse
from infra_app.constructs.network import Network

PORT = 5439
_HTTPS = 443


class WarehouseNetwork(Construct):
    """Three subnets in three zones, from addresses that the VPC gets for them.

    The VPC's own subnets fill its first block and are in two zones: they stay as they are, so that
    a warehouse can come and go. From inside, S3 is reached through a gateway and the other services
    through the VPC's endpoints, and nothing else is; nobody connects but the clients of config.
    """

    def __init__(
        self, scope: Construct, id: str, *, names: Names, network: Network, warehouse: Warehouse
    ) -> None:
        super().__init__(scope, id)
        subnets = self._subnets(network.vpc, warehouse)
        ec2.GatewayVpcEndpoint(
            self,
            "S3",
            vpc=network.vpc,
            service=ec2.GatewayVpcEndpointAwsService.S3,
            subnets=[ec2.SubnetSelection(subnets=subnets)],
        )
        group = self._group(names, network.vpc, warehouse)
        self._lead_to_endpoints(group, network)
        self.subnet_ids = [subnet.subnet_id for subnet in subnets]
        self.security_group_ids = [group.attr_group_id]

    def _subnets(self, vpc: ec2.IVpc, warehouse: Warehouse) -> list[ec2.ISubnet]:
        block = ec2.CfnVPCCidrBlock(self, "Addresses", vpc_id=vpc.vpc_id, cidr_block=warehouse.cidr)
        made: list[ec2.ISubnet] = []
        for place, cidr in enumerate(warehouse.subnet_cidrs):
            subnet = ec2.PrivateSubnet(
                self,
                f"Subnet{place + 1}",
                vpc_id=vpc.vpc_id,
                cidr_block=cidr,
                # Resolved by CloudFormation, as those of the stack are.
                availability_zone=cdk.Fn.select(place, cdk.Fn.get_azs()),
                map_public_ip_on_launch=False,
            )
            subnet.node.add_dependency(block)
            made.append(subnet)
        return made

    def _group(self, names: Names, vpc: ec2.IVpc, warehouse: Warehouse) -> ec2.CfnSecurityGroup:
        return ec2.CfnSecurityGroup(
            self,
            "Group",
            group_description=f"Warehouse {names.warehouse}: its clients, and the way to AWS",
            vpc_id=vpc.vpc_id,
            security_group_ingress=[_from(client) for client in warehouse.clients],
            security_group_egress=[
                ec2.CfnSecurityGroup.EgressProperty(
                    ip_protocol="tcp",
                    from_port=_HTTPS,
                    to_port=_HTTPS,
                    cidr_ip="0.0.0.0/0",  # only the gateway and endpoints lead out of the subnets
                    description="S3 and the endpoints of AWS services",
                )
            ],
        )

    def _lead_to_endpoints(self, group: ec2.CfnSecurityGroup, network: Network) -> None:
        ec2.CfnSecurityGroupIngress(
            self,
            "ToEndpoints",
            group_id=network.security_group.security_group_id,
            source_security_group_id=group.attr_group_id,
            ip_protocol="tcp",
            from_port=_HTTPS,
            to_port=_HTTPS,
            description="The warehouse, to endpoints of AWS services",
        )


def _from(client: str) -> ec2.CfnSecurityGroup.IngressProperty:
    return ec2.CfnSecurityGroup.IngressProperty(
        ip_protocol="tcp",
        from_port=PORT,
        to_port=PORT,
        description="A client of the warehouse",
        cidr_ip=client,
    )
