"""`fetch`: a source is asked, and what it lands is processed in a cloud of its own."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.errors import ConfigError
from config.jobs import JOBS, JobSpec
from config.source_jobs import job_name
from connectors.errors import ConnectorError
from connectors.kinds import connector_for
from connectors.order import Order, order_for
from connectors.preview import preview
from connectors.secrets import Secrets, without_secrets
from local_cloud.errors import LocalCloudError, UsageError
from local_cloud.export import check_out, export
from local_cloud.platform import Platform, deployed
from local_cloud.report import as_text, is_good, quality_of, report_of
from operations.progress import Progress
from wires.sources import Source

_LOOK_EVERY = 0.5
_TOLD = re.compile(r"^\S+ \S+ INFO source_fetch (.*)$")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is fetched, and who asks for it."""

    source: str
    since: str
    until: str
    limit: int
    secret: Path | None
    """A file with what the source's secret has."""


def fetch(
    wanted: Wanted, *, dry_run: bool, out: Path | None, as_json: bool, environment: str
) -> bool:
    """Return whether the source was fetched and all that landed was published, empty or ignored.

    Raises UsageError before any work for a source that is not there, or wrong options.
    """
    spec, source = _job_and_source(wanted.source)
    secrets = _secrets(source, wanted.secret)
    order = _order(source, wanted)
    if out is not None:
        check_out(out)
    progress = Progress()
    if dry_run:
        return _previewed(source, secrets, order, progress, as_json=as_json)
    with deployed(environment, progress=progress) as platform:
        if source.secret:
            client = platform.cloud.client("secretsmanager")
            client.create_secret(Name=source.secret, SecretString=secrets.text())
        good = _fetched(platform, spec, wanted, progress)
        platform.settle()
        if out is not None:
            with progress.step(f"writing what a reader sees to {out}"):
                export(platform, out, progress=progress)
        report = report_of(platform, out=str(out) if out is not None else None)
        if as_json:
            print(json.dumps(report))
        else:
            print(as_text(report))
            print("\n".join(quality_of(platform)))
        good = good and is_good(report)
        if not good:
            progress.say(f"all logs are in {platform.cloud.work}")
        platform.cloud.keep_logs = not good
    return good


def _job_and_source(name: str) -> tuple[JobSpec, Source]:
    try:
        jobs = {spec.source.name: spec for spec in JOBS if spec.source}
    except ConfigError as error:
        raise UsageError(str(error)) from error
    spec = jobs.get(name)
    if spec is None or spec.source is None:
        raise UsageError(
            f"config/sources/ has no {name}.yaml, which {job_name(name)} would be made of; it has "
            f"{', '.join(jobs) or 'none'}: docs/connectors.md says how to write one"
        )
    return spec, spec.source


def _secrets(source: Source, file: Path | None) -> Secrets:
    if source.secret and file is None:
        raise UsageError(
            f"{source.name} has the secret {source.secret}: give a file with what it has, "
            "--secret FILE, which stays on this machine"
        )
    if file is not None and not file.is_file():
        raise UsageError(f"--secret {file} is no file")
    text = file.read_text(encoding="utf-8") if file else "{}"
    return Secrets(source.secret, lambda: text)


def _order(source: Source, wanted: Wanted) -> Order:
    try:
        return order_for(source, since=wanted.since, until=wanted.until, limit=wanted.limit)
    except ConnectorError as error:
        raise UsageError(str(error)) from error


def _previewed(
    source: Source, secrets: Secrets, order: Order, progress: Progress, *, as_json: bool
) -> bool:
    try:
        with without_secrets(secrets):
            connector = connector_for(source, secrets, say=progress.say)
            seen = preview(source, connector, order, say=progress.say)
    except ConnectorError as error:
        raise LocalCloudError(str(error)) from None
    print(json.dumps(seen.facts()) if as_json else "\n".join(seen.lines()))
    return True


def _fetched(platform: Platform, spec: JobSpec, wanted: Wanted, progress: Progress) -> bool:
    """Run the source's job as its schedule does, and tell what it says; False if it fails."""
    cloud, job = platform.cloud, platform.names.job(spec)
    progress.say(f"fetching {wanted.source}: the job {job}")
    glue = cloud.client("glue")
    run_id = str(glue.start_job_run(JobName=job, Arguments=_arguments(wanted))["JobRunId"])
    (run,) = (one for one in cloud.active_runs if one.job_run_id == run_id)
    with _log_followed(cloud.log_of_run(run_id), progress):
        run.ended.wait()
    if not run.error:
        return True
    progress.say(f"{job}: {run.error}")
    return False


def _arguments(wanted: Wanted) -> Mapping[str, str]:
    given = {"since": wanted.since, "until": wanted.until, "limit": wanted.limit}
    return {f"--{name}": str(value) for name, value in given.items() if value}


@contextmanager
def _log_followed(log: Path, progress: Progress) -> Iterator[None]:
    """Tell each line of the script's log as it is written."""
    ended = threading.Event()
    thread = threading.Thread(target=_follow, args=(log, progress, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _follow(log: Path, progress: Progress, ended: threading.Event) -> None:
    told = 0
    while True:
        is_last = ended.wait(_LOOK_EVERY)
        lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
        for line in lines[told:]:
            if found := _TOLD.match(line):
                progress.say(found[1])
        told = len(lines)
        if is_last:
            return
