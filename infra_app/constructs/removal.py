"""Removal of resources that hold data."""

from __future__ import annotations

import aws_cdk as cdk


def removal(retain: bool) -> cdk.RemovalPolicy:
    """Return the policy for data that is retained, or not.

    Retained means on update and deletion: a resource of a creation that failed holds nothing, and
    left behind under its fixed name it would be in the way of the next try.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
    """
    return cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if retain else cdk.RemovalPolicy.DESTROY
