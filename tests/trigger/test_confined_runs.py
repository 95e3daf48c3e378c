"""Each run is started with the session policy of its own load."""

from __future__ import annotations

from typing import Any

from infra_app.lambdas.trigger.session_policy import session_policy
from tests.aws import SmallAws
from tests.trigger.platforms import TICK, Platform


def watched(platform: Platform) -> list[dict[str, Any]]:
    """What Glue is asked for in each StartJobRun from now on, as boto3 sends it."""
    requests: list[dict[str, Any]] = []
    events = platform.trigger.workflow.glue.meta.events
    events.register(
        "provide-client-params.glue.StartJobRun",
        lambda params, **_: requests.append(dict(params)),
    )
    return requests


def load_of(request: dict[str, Any]) -> str:
    return str(request["Arguments"]["--load_id"])


def test_each_run_is_confined_to_its_own_load_and_folders(aws: SmallAws) -> None:
    platform = Platform(aws, objects_per_run=1)
    started = watched(platform)
    platform.receive(platform.upload("orders/a.csv"), platform.upload("sales/b.csv"))
    assert len(started) == 2
    settings = platform.trigger.dispatcher.settings
    folders = set()
    for request in started:
        keys = [
            o.key
            for o in platform.trigger.dispatcher.turns.manifests.read(load_of(request)).objects
        ]
        wanted = session_policy(settings, load_of(request), keys)
        assert request["ExecutionRoleSessionPolicy"] == wanted
        # Uploads of the same second come in any order.
        own = keys[0].partition("/")[0]
        (other,) = {"orders", "sales"} - {own}
        assert f"/{own}/" in wanted
        assert f"/{other}/" not in wanted
        folders.add(own)
    assert folders == {"orders", "sales"}


def test_the_last_attempt_is_confined_to_its_load_and_may_read_all_originals(
    aws: SmallAws,
) -> None:
    platform = Platform(aws)
    started = watched(platform)
    platform.receive(platform.upload("orders/a.csv"))
    [run] = platform.glue_runs()
    platform.receive(platform.end_run(run, "FAILED"))
    platform.receive(TICK)
    first, last = started
    settings = platform.trigger.dispatcher.settings
    assert last["Arguments"]["--last_attempt"] == "true"
    assert last["ExecutionRoleSessionPolicy"] == session_policy(settings, load_of(last), None)
    assert last["ExecutionRoleSessionPolicy"] != first["ExecutionRoleSessionPolicy"]
