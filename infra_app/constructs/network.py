"""The private network for functions and jobs, if the configuration has one."""

from __future__ import annotations

from typing import cast

import aws_cdk as cdk
import aws_cdk.aws_ec2 as ec2
import aws_cdk.aws_glue as glue
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_logs as logs
from constructs import Construct

from config import settings
from config.naming import Names
from delivery.audit import explain

ZONES = 2
# Services that trigger and jobs call; S3 and DynamoDB have gateways, which cost nothing.
_SERVICES = {
    "Glue": ec2.InterfaceVpcEndpointAwsService.GLUE,
    "Kms": ec2.InterfaceVpcEndpointAwsService.KMS,
    "Logs": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
    "Metrics": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_MONITORING,
    "Sns": ec2.InterfaceVpcEndpointAwsService.SNS,
    "Sts": ec2.InterfaceVpcEndpointAwsService.STS,
    "Traces": ec2.InterfaceVpcEndpointAwsService.XRAY,
}


class Network(Construct):
    """Subnets without internet access in two zones, with private endpoints of AWS services.

    Functions and jobs in it can reach AWS through the endpoints and nothing else. Jobs join it by
    `connection`. Every flow is logged.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        key: kms.IKey,
        network: settings.Network,
        retention: settings.Retention,
    ) -> None:
        super().__init__(scope, id)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            vpc_name=names.of("network"),
            ip_addresses=ec2.IpAddresses.cidr(network.cidr),
            max_azs=ZONES,
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Private", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
            ],
            # Restricting it would add a Lambda of the CDK; nothing is put into the default group.
            restrict_default_security_group=False,
        )
        self.security_group = self._security_group()
        self._open_endpoints()
        self._log_flows(names, key, retention)
        self.connection_name = names.of("network")
        self._connect_jobs(self.connection_name)
        explain(
            self.vpc,
            {
                "NIST.800.53.R5-VPCDefaultSecurityGroupClosed": "Nothing is put into the VPC's "
                "default group: functions, jobs and endpoints have a group of their own."
            },
        )

    def _security_group(self) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self,
            "Inside",
            vpc=self.vpc,
            description="Functions, jobs and endpoints of this environment, among themselves",
            allow_all_outbound=True,  # only the endpoints lead out of the subnets
        )
        # Glue asks for it: https://docs.aws.amazon.com/glue/latest/dg/setup-vpc-for-glue-access.html
        group.connections.allow_internally(ec2.Port.all_tcp(), "Workers of a job, and endpoints")
        return group

    def _open_endpoints(self) -> None:
        self.vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
        self.vpc.add_gateway_endpoint("DynamoDb", service=ec2.GatewayVpcEndpointAwsService.DYNAMODB)
        for id, service in _SERVICES.items():
            self.vpc.add_interface_endpoint(
                id,
                service=service,
                open=False,
                private_dns_enabled=True,
                security_groups=[self.security_group],
            )

    def _log_flows(self, names: Names, key: kms.IKey, retention: settings.Retention) -> None:
        group = logs.LogGroup(
            self,
            "FlowLogs",
            log_group_name=f"/aws/vpc/{names.of('network')}",
            encryption_key=key,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        # The L2 accepts only its own enum for the number.
        resource = cast("logs.CfnLogGroup", group.node.default_child)
        resource.retention_in_days = retention.log_retention_days
        role = iam.Role(
            self,
            "FlowLogsRole",
            description="Flow logs of the network",
            assumed_by=iam.ServicePrincipal(
                "vpc-flow-logs.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": cdk.Stack.of(self).account}},
            ),
        )
        self.vpc.add_flow_log(
            "Flows", destination=ec2.FlowLogDestination.to_cloud_watch_logs(group, role)
        )
        explain(
            role,
            {
                "NIST.800.53.R5-IAMNoInlinePolicy": "It lets the flow logs of this network write "
                "to their one group, and goes with them."
            },
        )

    def _connect_jobs(self, name: str) -> None:
        subnet = self.vpc.isolated_subnets[0]
        glue.CfnConnection(
            self,
            "Connection",
            catalog_id=cdk.Stack.of(self).account,
            connection_input=glue.CfnConnection.ConnectionInputProperty(
                name=name,
                connection_type="NETWORK",
                physical_connection_requirements=(
                    glue.CfnConnection.PhysicalConnectionRequirementsProperty(
                        availability_zone=subnet.availability_zone,
                        security_group_id_list=[self.security_group.security_group_id],
                        subnet_id=subnet.subnet_id,
                    )
                ),
            ),
        )


def grant_network_interfaces(role: iam.IRole) -> None:
    """Grant the actions by which Lambda puts a function into a VPC with its role."""
    # None of these actions can be limited to a resource before it exists:
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    iam.Grant.add_to_principal(
        grantee=role,
        actions=[
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
        ],
        resource_arns=["*"],
    )
