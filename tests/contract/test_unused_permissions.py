"""Each permission of a role is used by the demo or the end-to-end tests, or has a reason.

`make unused-permissions` writes the list of what is used.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from config.environments import load_environments
from local_cloud.access.granted import Permission, granted
from local_cloud.access.unused import Reason, permissions_in, reasons_in, stale, unexplained
from local_cloud.assembly import stacks_of
from local_cloud.cloud import LocalCloud
from local_cloud.permissions_command import GRANTED, REASONS, USED
from tests.conftest import Assemblies

RENEW = "python -m local_cloud permissions --write"


@pytest.fixture(scope="module")
def everything(assemblies: Assemblies, tmp_path_factory: pytest.TempPathFactory) -> set[Permission]:
    """Permissions of the roles of dev."""
    stacks = [
        stack
        for assembly in (assemblies.infra_app, assemblies.glue_app)
        for stack in stacks_of(Path(assembly), environment="dev")
    ]
    (dev,) = (one for one in load_environments().all if one.name == "dev")
    with LocalCloud.for_stacks(stacks, work=tmp_path_factory.mktemp("work")) as cloud:
        cloud.deploy(stacks)
        return granted(dev.names)


@pytest.fixture(scope="module")
def allowed(everything: set[Permission]) -> set[Permission]:
    """Those of roles that act on a laptop."""
    return _about(everything, {permission.role for permission in permissions_in(USED)})


def _about(permissions: set[Permission], roles: set[str]) -> set[Permission]:
    """Leave out a job that has just been added, which no list has yet, and what is about it."""

    def is_known(resource: str) -> bool:
        _, slash, job = resource.rpartition("job/")
        return not slash or job in roles

    return {one for one in permissions if one.role in roles and is_known(one.resource)}


@pytest.fixture(scope="module")
def reasons() -> list[Reason]:
    return reasons_in(REASONS)


def test_every_permission_is_used_or_has_a_reason(
    allowed: set[Permission], reasons: list[Reason]
) -> None:
    without = [str(one) for one in unexplained(allowed - permissions_in(USED), reasons)]
    assert without == [], (
        "run `make unused-permissions` if something uses them now; else remove them, or give a "
        f"reason in {REASONS}"
    )


def test_no_reason_explains_what_is_used_or_gone(
    allowed: set[Permission], reasons: list[Reason]
) -> None:
    assert stale(allowed - permissions_in(USED), reasons) == []


def test_the_list_of_what_is_used_has_nothing_that_no_role_may_do(
    allowed: set[Permission],
) -> None:
    assert [str(one) for one in sorted(permissions_in(USED) - allowed)] == [], (
        f"remove these lines from {USED}, or run `make unused-permissions`"
    )


def test_the_list_of_what_is_granted_is_that_of_the_templates(everything: set[Permission]) -> None:
    """Every test holds calls of jobs against this list: see tests/job_rights.py."""
    listed = permissions_in(GRANTED)
    now = _about(everything, {permission.role for permission in listed})
    differing = [f"{'+' if one in now else '-'} {one}" for one in sorted(now ^ listed)]
    assert differing == [], f"read the difference, then: {RENEW}"


def test_the_record_has_every_role_that_acts_on_a_laptop() -> None:
    recorded = {permission.role for permission in permissions_in(USED)}
    assert len(recorded) >= 11  # eight jobs, trigger, crawlers, checks


def test_reasons_are_sentences(reasons: list[Reason]) -> None:
    for one in reasons:
        assert len(one.reason) > 20
        assert one.reason[0].isupper()
        assert one.reason.endswith(".")
