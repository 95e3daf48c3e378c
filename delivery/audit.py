"""Checks the templates at every synthesis for findings that an auditor would have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks
from constructs import IConstruct

_CHECKOV = "CKV"


def audit(app: cdk.App) -> None:
    """Check the app: a finding that is not explained beside its resource ends synthesis."""
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), NIST80053R5Checks(app))


def explain(resource: IConstruct, reasons: Mapping[str, str]) -> None:
    """Accept findings on one resource, each for a reason that is specific to it.

    Findings of checkov are accepted as well: `CKV_AWS_18`.

    A finding of IAM5 is one wildcard: `IAM5[Resource::*]`. The wildcard of a resource in the same
    stack is spelled with `arn_in_findings`.
    """
    of_checkov = {id: why for id, why in reasons.items() if id.startswith(_CHECKOV)}
    if of_checkov:
        _tell_checkov(resource, of_checkov)
    for finding, reason in reasons.items():
        if finding in of_checkov:
            continue
        pack = finding.partition("-")[0]
        cdk.Validations.of(resource).acknowledge(
            cdk.Acknowledgment(id=f"{pack}::{finding}", reason=reason)
        )


def _tell_checkov(resource: IConstruct, reasons: Mapping[str, str]) -> None:
    """Checkov, which reads templates, looks for reasons in a resource's metadata.

    https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html
    """
    found = cast("cdk.CfnResource", resource.node.default_child or resource)
    skipped = [{"id": id, "comment": reason} for id, reason in reasons.items()]
    found.add_metadata("checkov", {"skip": skipped})


def arn_in_findings(resource: IConstruct) -> str:
    """Return the ARN of a resource of the same stack as findings spell it."""
    return f"<{_logical_id(resource)}.Arn>"


def ref_in_findings(resource: IConstruct) -> str:
    """Return a reference to a resource of the same stack as findings spell it."""
    return f"<{_logical_id(resource)}>"


def _logical_id(construct: IConstruct) -> str:
    resource = cast("cdk.CfnResource", construct.node.default_child or construct)
    return str(cdk.Stack.of(resource).resolve(resource.logical_id))
