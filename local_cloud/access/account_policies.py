"""The policies of an account: of its roles, and of its resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moto.iam.models import IAMBackend, ManagedPolicy, Role, iam_backends

from local_cloud.access.facts import Facts
from local_cloud.iam.policies import Document, Policy


class AccountPolicies:
    """Compiles each policy when it is first asked for, until `forget`."""

    def __init__(self, facts: Facts, boundaries: Mapping[str, Document | str]) -> None:
        """Take documents of managed policies that no template has, by their ARNs."""
        self._facts = facts
        self._boundaries = boundaries
        self._attached: dict[str, Any] = {}
        self._compiled: dict[tuple[str, str], tuple[Policy, ...] | None] = {}

    def forget(self) -> None:
        """Compile anew what is asked for from now on: something may have been deployed."""
        self._compiled.clear()

    def attach(self, resource_arn: str, document: Any) -> None:
        """Note the policy of a bucket, a queue or a topic, in place of the one before."""
        self._attached[resource_arn] = document
        self.forget()

    def permit(self, resource_arn: str, statement: Any) -> None:
        """Add a statement to the policy of a function."""
        before = self._attached.get(resource_arn, {"Version": "2012-10-17", "Statement": []})
        self.attach(resource_arn, {**before, "Statement": [*before["Statement"], statement]})

    def identity(self, role_arn: str) -> tuple[Policy, ...]:
        """Return the policies of a role; none for a role that is not there."""
        return self._once("identity", role_arn, self._identity) or ()

    def trust(self, role_arn: str) -> tuple[Policy, ...]:
        """Return the policy that says who may take a role on; none for one that is not there."""
        return self._once("trust", role_arn, self._trust) or ()

    def boundary(self, role_arn: str) -> tuple[Policy, ...] | None:
        """Return a role's permissions boundary; None without one whose document is known."""
        return self._once("boundary", role_arn, self._boundary)

    def unknown_boundaries(self) -> Mapping[str, str]:
        """Return the boundaries of which there is no document, by the names of their roles."""
        return {
            role.name: str(role.permissions_boundary_arn)
            for role in list(self._iam.roles.values())
            if role.permissions_boundary_arn and self.boundary(role.arn) is None
        }

    def of_resource(self, arn: str) -> tuple[Policy, ...]:
        """Return the policy of a resource; of an object it is the policy of its bucket."""
        service = arn.split(":")[2] if arn.startswith("arn:") else ""
        if service == "s3":
            arn = arn.partition("/")[0]
        if service == "iam":
            return self.trust(arn)
        make = self._of_key if service == "kms" else self._of_attached
        return self._once("resource", arn, make) or ()

    def _once(
        self, kind: str, arn: str, make: Callable[[str], tuple[Policy, ...] | None]
    ) -> tuple[Policy, ...] | None:
        place = (kind, arn)
        if place not in self._compiled:
            self._compiled[place] = make(arn)
        return self._compiled[place]

    def _identity(self, role_arn: str) -> tuple[Policy, ...]:
        role = self._role(role_arn)
        if role is None:
            return ()
        inline = [Policy.of(document, name=name) for name, document in role.policies.items()]
        managed = [_managed(policy) for policy in role.managed_policies.values()]
        return (*inline, *managed)

    def _trust(self, role_arn: str) -> tuple[Policy, ...]:
        role = self._role(role_arn)
        if role is None or not role.assume_role_policy_document:
            return ()
        return (Policy.of(role.assume_role_policy_document, name=f"trust in {role.name}"),)

    def _boundary(self, role_arn: str) -> tuple[Policy, ...] | None:
        role = self._role(role_arn)
        arn = str(role.permissions_boundary_arn or "") if role else ""
        if managed := self._iam.managed_policies.get(arn):
            return (_managed(managed),)
        document = self._boundaries.get(arn)
        return (Policy.of(document, name=arn),) if document else None

    def _of_key(self, arn: str) -> tuple[Policy, ...]:
        document = self._facts.key_policy(arn)
        return (Policy.of(document, name=arn),) if document else ()

    def _of_attached(self, arn: str) -> tuple[Policy, ...]:
        document = self._attached.get(arn)
        return (Policy.of(document, name=arn),) if document else ()

    def _role(self, role_arn: str) -> Role | None:
        name = role_arn.rpartition("/")[2]
        return next((role for role in list(self._iam.roles.values()) if role.name == name), None)

    @property
    def _iam(self) -> IAMBackend:
        return iam_backends[self._facts.account][self._facts.partition]


def _managed(policy: ManagedPolicy) -> Policy:
    """Compile the version of a managed policy that is in force."""
    (document,) = (one.document for one in policy.versions if one.is_default)
    return Policy.of(document, name=policy.name)
