"""Sessions of roles, known by their access keys: each process that plays a role has one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from moto.sts.models import STSBackend, sts_backends

from local_cloud.iam.policies import Policy
from local_cloud.iam.requests import Caller

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, kw_only=True)
class Session:
    """Credentials of a role, with a name and perhaps a policy that limits the role."""

    access_key: str
    role_arn: str
    name: str
    policies: tuple[Policy, ...] | None = None
    was_assumed: bool = False
    """Whether AssumeRole gave out its key, whose calls then go to the role's account."""

    @property
    def account(self) -> str:
        return self.role_arn.split(":")[4]

    @property
    def role_name(self) -> str:
        return self.role_arn.rpartition("/")[2]

    @property
    def arn(self) -> str:
        """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"""
        partition = self.role_arn.split(":")[1]
        return f"arn:{partition}:sts::{self.account}:assumed-role/{self.role_name}/{self.name}"

    @property
    def caller(self) -> Caller:
        return Caller(account=self.account, arn=self.arn, role_arn=self.role_arn)

    @property
    def credentials(self) -> Mapping[str, str]:
        """Environment variables with which a process acts in this session."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_SESSION_TOKEN": f"session-of-{self.access_key}",
        }


class Sessions:
    """All sessions of a cloud. Keys that are of no session belong to people."""

    def __init__(self) -> None:
        self._by_key: dict[str, Session] = {}

    def open(self, role_arn: str, *, name: str, policy: str = "") -> Session:
        """Open a session, which whoever has its key can use. Nothing is asked."""
        key = f"ASIA{''.join(secrets.choice(_LETTERS) for _ in range(16))}"
        return self._kept(key, role_arn, name, policy, was_assumed=False)

    def find(self, access_key: str) -> Session | None:
        """Return the session of a key, also of one that AssumeRole has given out."""
        found = self._by_key.get(access_key)
        return found or self._assumed(access_key)

    def _assumed(self, access_key: str) -> Session | None:
        if not access_key.startswith("ASIA"):
            return None
        for backend in _sts_backends():
            found = backend.get_assumed_role_from_access_key(access_key)
            if found is not None:
                policy = found.policy or ""
                name = found.session_name
                return self._kept(access_key, found.role_arn, name, policy, was_assumed=True)
        return None

    def _kept(
        self, key: str, role_arn: str, name: str, policy: str, *, was_assumed: bool
    ) -> Session:
        policies = (Policy.of(policy, name="session"),) if policy else None
        session = Session(
            access_key=key,
            role_arn=role_arn,
            name=name,
            policies=policies,
            was_assumed=was_assumed,
        )
        self._by_key[key] = session
        return session


def _sts_backends() -> list[STSBackend]:
    return [backend for account in list(sts_backends.values()) for backend in account.values()]
