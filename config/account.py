"""AWS accounts and regions to deploy to."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from config.rules import account_id, region
from config.validation import Frozen


class Account(Frozen):
    """One AWS account, and the region that is used in it."""

    aws_account_id: Annotated[str, BeforeValidator(account_id)]
    aws_region: Annotated[str, BeforeValidator(region)]

    @property
    def partition(self) -> str:
        """The partition of AWS that the region belongs to, as in ARNs."""
        for start, partition in _PARTITIONS.items():
            if self.aws_region.startswith(start):
                return partition
        return "aws"


_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "us-isof-": "aws-iso-f",
    "eu-isoe-": "aws-iso-e",
    "eusc-": "aws-eusc",
}
