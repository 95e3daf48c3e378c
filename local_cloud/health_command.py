"""`health`: the health check, in a cloud of its own or in one that is up."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

from config.delivery import App
from config.environments import Environment
from local_cloud.events.schedules import Schedules
from local_cloud.platform import Platform, configured, deployed
from local_cloud.settling import Work
from local_cloud.synthesis import ROOT
from operations.progress import Progress

_PAUSE = 0.05


def health(*, environment: str, local: str, timeout: float, as_json: bool) -> int:
    """Run the check as pipelines do after a deployment, and return its exit code.

    With `local`, in the cloud of that endpoint; else in one that is made of the templates.
    """
    command = [
        *(sys.executable, "-m", "operations", "check-environment", "--environment", environment),
        *("--timeout", str(timeout)),
        *(("--json",) if as_json else ()),
    ]
    if local:
        configured(environment)
        return subprocess.run([*command, "--local", local], cwd=ROOT, check=False).returncode
    progress = Progress()
    with deployed(environment, progress=progress) as platform:
        code = _checked(platform, command, role=checks_step(configured(environment)))
        if code:
            progress.say(f"all logs are in {platform.cloud.work}")
        platform.cloud.keep_logs = code != 0
    return code


def checks_step(environment: Environment) -> str:
    """Return the role in which the pipelines run their checks, in an account of its own."""
    delivery = environment.delivery
    account = delivery.account
    name = delivery.checks_role(App.INFRASTRUCTURE)
    return f"arn:{account.partition}:iam::{account.aws_account_id}:role/{name}"


def _checked(platform: Platform, command: Sequence[str], *, role: str) -> int:
    """Run the command while the cloud works on. Its process ends with this one's."""
    cloud = platform.cloud
    schedules = Schedules(cloud.schedules, start=time.monotonic())
    process = subprocess.Popen(command, cwd=ROOT, env=cloud.child_environment(role=role))
    try:
        while process.poll() is None:
            for schedule in schedules.due(time.monotonic()):
                cloud.come_round(schedule)
            if cloud.work_once() is not Work.DONE:
                time.sleep(_PAUSE)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
    cloud.settle()
    return process.returncode
