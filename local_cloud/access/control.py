"""Judges what roles and services ask for, and keeps what was refused."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from local_cloud.access.account_policies import AccountPolicies
from local_cloud.access.call import AwsCall
from local_cloud.access.facts import Facts
from local_cloud.access.needs.messages import on_queue, on_topic
from local_cloud.access.needs.need import Need, UnknownCall
from local_cloud.access.needs.of_call import needs_of
from local_cloud.access.refusal import Refusal
from local_cloud.access.sessions import Session, Sessions
from local_cloud.access.usage import usage_from_environment
from local_cloud.errors import RoleRefused
from local_cloud.iam.evaluation import Policies, evaluate
from local_cloud.iam.policies import Document
from local_cloud.iam.requests import Caller, Context, Request, Values
from local_cloud.iam.wording import refusal

Say = Callable[[str], None]
_RESOURCE_MUST_ALLOW = ("kms:", "sts:AssumeRole")
"""Actions that the policy of the resource must allow: of a key, or of a role."""


class AccessControl:
    """The access control of one account in one region.

    People, who have keys of no session, may do everything, like an administrator.
    """

    def __init__(
        self,
        *,
        account: str,
        region: str,
        boundaries: Mapping[str, Document | str] | None = None,
        say: Say = lambda _: None,
    ) -> None:
        self.facts = Facts(account=account, region=region)
        self.sessions = Sessions()
        self.policies = AccountPolicies(self.facts, boundaries or {})
        self.refusals: list[Refusal] = []
        """The first refusal of each kind: who, which action, on what."""
        self._kinds: set[tuple[str, str, str]] = set()
        self._unlimited: set[tuple[str, str]] = set()
        self._usage = usage_from_environment()
        self._say = say
        self._turn = threading.Lock()

    def attach(self, resource_arn: str, document: Document) -> None:
        """Note the policy of a resource that is deployed."""
        self.policies.attach(resource_arn, document)

    def permit(self, resource_arn: str, statement: Document) -> None:
        """Add a statement to the policy of a resource that is deployed."""
        self.policies.permit(resource_arn, statement)

    def session_for_service(
        self, role_arn: str, *, service: str, name: str, source_arn: str, policy: str = ""
    ) -> Session:
        """Open a session of a role for a service, as it does before it runs something.

        Raises RoleRefused if the role does not trust the service, or is not there.
        """
        keys = self._keys_of_service(source_arn)
        need = Need(action="sts:AssumeRole", resource=role_arn, keys=keys)
        caller = Caller(account=self.facts.account, arn=service, service=service)
        if (refused := self._refused(caller, need, None)) is not None:
            raise RoleRefused(
                f"{service} cannot assume role {role_arn} for {source_arn}: expected a trust "
                f"policy that allows it. {refused.message}"
            )
        return self.sessions.open(role_arn, name=name, policy=policy)

    def refusal_of_call(self, call: AwsCall, session: Session) -> Refusal | None:
        """Return why a call of a session is refused; None if it is allowed."""
        if session.was_assumed and session.account != self.facts.account:
            return None  # It acts in another account, of which nothing is known here.
        try:
            needs = needs_of(call, self.facts)
        except UnknownCall as unknown:
            action = f"{call.service}:{call.operation or call.method}"
            return self._noted(session.arn, Need(action=action, resource="*"), str(unknown))
        return self.refusal_of(session, needs, region=call.region)

    def refusal_of(
        self, session: Session, needs: Iterable[Need], *, region: str = ""
    ) -> Refusal | None:
        """Return the first refusal of several permissions; None if all are allowed."""
        for need in needs:
            refused = self._refused(session.caller, need, session, region=region)
            if refused is not None:
                return refused
        return None

    def refusal_of_service(
        self, service: str, needs: Iterable[Need], *, source_arn: str
    ) -> Refusal | None:
        """Return why a service may not do something for a resource, by the policies of what it
        touches."""
        keys = self._keys_of_service(source_arn)
        caller = Caller(account=self.facts.account, arn=service, service=service)
        for need in needs:
            named = Need(action=need.action, resource=need.resource, keys={**need.keys, **keys})
            if (refused := self._refused(caller, named, None)) is not None:
                return refused
        return None

    def refusal_of_delivery(self, target_arn: str, *, rule_arn: str) -> str:
        """Return why a rule of EventBridge may not send to a queue, a topic or a function; "" if
        it may.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
        """
        service = target_arn.split(":")[2]
        if service == "sqs":
            needs = on_queue("SendMessage", target_arn.split(":")[5], self.facts)
        elif service == "sns":
            needs = on_topic("Publish", target_arn, self.facts)
        elif service == "lambda":
            needs = iter([Need(action="lambda:InvokeFunction", resource=target_arn)])
        else:
            return ""
        refused = self.refusal_of_service("events.amazonaws.com", needs, source_arn=rule_arn)
        return refused.message if refused else ""

    def forget(self) -> None:
        """Look at all policies anew, after something was deployed."""
        self.policies.forget()
        for role, arn in self.policies.unknown_boundaries().items():
            if (role, arn) not in self._unlimited:
                self._unlimited.add((role, arn))
                self._say(
                    f"role {role}: nothing is limited by its boundary {arn}, which is not known"
                )

    def _refused(
        self, caller: Caller, need: Need, session: Session | None, *, region: str = ""
    ) -> Refusal | None:
        request = Request(
            caller=caller,
            action=need.action,
            resource=need.resource,
            account=self.facts.account,
            context=Context({**self._keys(caller, region), **need.keys}, later=need.later),
        )
        policies = self._policies_for(request, session)
        decision = evaluate(request, policies)
        if not decision.is_allowed:
            action, resource = _spelled(need)
            message = refusal(request, decision, action=action, resource=resource)
            return self._noted(caller.arn, need, message)
        if self._usage is not None and session is not None:
            self._usage.note(session.role_name, request, policies)
        return None

    def _policies_for(self, request: Request, session: Session | None) -> Policies:
        resource = self.policies.of_resource(request.resource)
        must_allow = request.action.startswith(_RESOURCE_MUST_ALLOW)
        if session is None:
            return Policies(resource=resource, resource_must_allow=must_allow)
        is_known = session.account == self.facts.account
        return Policies(
            identity=self.policies.identity(session.role_arn) if is_known else None,
            resource=resource,
            boundary=self.policies.boundary(session.role_arn) if is_known else None,
            session=session.policies,
            resource_must_allow=must_allow,
        )

    def _keys(self, caller: Caller, region: str) -> Mapping[str, Values]:
        """Return the keys that every request has. What comes in here counts as sent over TLS.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        """
        now = datetime.now(UTC)
        keys: dict[str, Values] = {
            "aws:CurrentTime": (now.strftime("%Y-%m-%dT%H:%M:%SZ"),),
            "aws:EpochTime": (str(int(now.timestamp())),),
            "aws:RequestedRegion": (region or self.facts.region,),
            "aws:ResourceAccount": (self.facts.account,),
            "aws:SecureTransport": ("true",),
            "aws:ViaAWSService": ("false",),
            "aws:PrincipalIsAWSService": (str(bool(caller.service)).lower(),),
            "s3:TlsVersion": ("1.3",),
        }
        if caller.service:
            keys["aws:PrincipalServiceName"] = (caller.service,)
        else:
            keys["aws:PrincipalAccount"] = (caller.account,)
            keys["aws:PrincipalArn"] = (caller.role_arn,)
            keys["aws:PrincipalType"] = ("AssumedRole",)
            keys["aws:SourceIp"] = ("127.0.0.1",)
        return keys

    def _keys_of_service(self, source_arn: str) -> Mapping[str, Values]:
        return {"aws:SourceAccount": (self.facts.account,), "aws:SourceArn": (source_arn,)}

    def _noted(self, who: str, need: Need, message: str) -> Refusal:
        made = Refusal(who=who, action=need.action, resource=need.resource, message=message)
        # One object of a bucket is like the others; ten thousand must not be told of.
        kind = (who, need.action, need.resource.partition("/")[0])
        with self._turn:
            is_new = kind not in self._kinds
            if is_new:
                self._kinds.add(kind)
                self.refusals.append(made)
        if is_new:
            self._say(f"refused: {message}")
        return made


def _spelled(need: Need) -> tuple[str, str]:
    """Return action and resource as the service spells them in its messages."""
    service, _, name = need.action.partition(":")
    if service == "sns":
        return f"SNS:{name}", need.resource
    if service == "sqs":
        return f"sqs:{name.lower()}", need.resource
    return need.action, f'"{need.resource}"' if service == "s3" else need.resource
