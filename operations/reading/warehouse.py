"""The warehouse of an environment: its limit of a day, and SQL that is run in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from config.environments import Environment
from operations.errors import OperationError, WrongUse
from operations.reading.external_schemas import (
    external_schemas,
    grants,
    readers_found,
    readers_role,
)

_PAUSES = (0.2, 0.5, 1.0, 2.0)
"""Seconds between looks at a statement; the last one from then on."""
_COMPUTE, _DAILY = "serverless-compute", "daily"
_UNDER_WAY = ("SUBMITTED", "PICKED", "STARTED")


@dataclass(frozen=True, kw_only=True)
class Warehouse:
    """Sets up a warehouse with the rights of whoever asks. Each step can be repeated."""

    environment: Environment
    serverless: Any
    """Client of `redshift-serverless`."""
    data: Any
    """Client of `redshift-data`."""
    say: Callable[[str], None]
    seconds: float = 300.0
    """For which a statement is waited for: an idle warehouse begins with some of them."""

    def set_up(self) -> None:
        """Set the limit of a day first, then make schemas and the role that reads them.

        Raises OperationError where it is not deployed, or a statement fails.
        """
        self._limit()
        secret = self._secret()
        self._make_role(secret)
        for statement in (*external_schemas(self.environment), *grants(self.environment)):
            self._run(statement, secret)

    def _limit(self) -> None:
        settings = self.environment.settings.redshift
        workgroup = self._found(
            lambda name: self.serverless.get_workgroup(workgroupName=name)["workgroup"]
        )
        wanted = {"amount": settings.daily_rpu_hours, "breachAction": settings.beyond_limit}
        limit = self._limit_of(workgroup["workgroupArn"])
        told = f"{settings.daily_rpu_hours} RPU-hours a day, beyond them {settings.beyond_limit}"
        if limit is None:
            self.serverless.create_usage_limit(
                resourceArn=workgroup["workgroupArn"],
                usageType=_COMPUTE,
                period=_DAILY,
                **wanted,
            )
            self.say(f"the limit is made: {told}")
        elif {name: limit.get(name) for name in wanted} != wanted:
            self.serverless.update_usage_limit(usageLimitId=limit["usageLimitId"], **wanted)
            self.say(
                f"the limit is changed from {limit['amount']}, {limit['breachAction']}: {told}"
            )
        else:
            self.say(f"the limit is there: {told}")

    def _limit_of(self, workgroup: str) -> Mapping[str, Any] | None:
        """Return the limit of a day: a workgroup has one at most, beside those of other periods."""
        pages = self.serverless.get_paginator("list_usage_limits").paginate(
            resourceArn=workgroup, usageType=_COMPUTE
        )
        for page in pages:
            for limit in page["usageLimits"]:
                if limit["period"] == _DAILY:
                    return dict(limit)
        return None

    def _secret(self) -> str:
        """Return the ARN of the administrator's secret, which Redshift keeps."""
        namespace = self._found(
            lambda name: self.serverless.get_namespace(namespaceName=name)["namespace"]
        )
        secret = namespace.get("adminPasswordSecretArn")
        if not secret:
            raise OperationError(
                f"expected the namespace {self.environment.names.warehouse} to keep its "
                "administrator's password in Secrets Manager, it names no secret: somebody has set "
                "a password by hand; deploy the infrastructure again, which takes it back"
            )
        return str(secret)

    def _found(self, look: Callable[[str], Mapping[str, Any]]) -> Mapping[str, Any]:
        name = self.environment.names.warehouse
        try:
            return look(name)
        except self.serverless.exceptions.ResourceNotFoundException as error:
            raise OperationError(
                f"expected a warehouse {name} in {self.environment.name}, there is none: deploy "
                "the infrastructure, which makes it"
            ) from error

    def _make_role(self, secret: str) -> None:
        ended = self._run(readers_found(self.environment), secret)
        if ended.get("ResultRows", 0) < 1:
            self._run(readers_role(self.environment), secret)

    def _run(self, sql: str, secret: str) -> Mapping[str, Any]:
        """Run a statement and wait for its end; returns what Redshift says of it."""
        first = sql.splitlines()[0].rstrip(";")
        id = self.data.execute_statement(
            WorkgroupName=self.environment.names.warehouse,
            Database=self.environment.settings.redshift.database,
            SecretArn=secret,
            Sql=sql,
        )["Id"]
        ended = self._ended(id, first)
        if ended["Status"] != "FINISHED":
            raise OperationError(
                f"expected {first!r} to finish, it is {ended['Status']}: "
                f"{ended.get('Error', 'no reason')}. What was done before stays; mend the reason, "
                "and run the command again"
            )
        self.say(first)
        return ended

    def _ended(self, id: str, what: str) -> Mapping[str, Any]:
        until = time.monotonic() + self.seconds
        look = 0
        while (found := self.data.describe_statement(Id=id))["Status"] in _UNDER_WAY:
            if time.monotonic() > until:
                self.data.cancel_statement(Id=id)
                raise OperationError(
                    f"expected {what!r} to end within {self.seconds:g} seconds, it was "
                    f"{found['Status']} and is cancelled: run the command again when the warehouse "
                    "has less to do"
                )
            if look % 5 == 4:
                self.say(f"{what}: {found['Status']}")
            time.sleep(_PAUSES[min(look, len(_PAUSES) - 1)])
            look += 1
        return dict(found)


def check_enabled(environment: Environment) -> None:
    """Raises WrongUse where config has no warehouse."""
    if not environment.settings.redshift.enabled:
        raise WrongUse(
            f"expected redshift.enabled of {environment.name} in config/environments.yaml to be "
            "true, got false: set it and deploy the infrastructure, or run what the command prints "
            "without --apply in a Redshift of yours"
        )
