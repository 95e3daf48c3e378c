"""`up`: stay up as an S3 endpoint, and process what is uploaded."""

from __future__ import annotations

import time
from collections.abc import Iterator

from local_cloud.events.schedules import Schedules
from local_cloud.platform import Platform, deployed
from local_cloud.report import described
from local_cloud.settling import Work
from local_cloud.work_folder import told_up
from operations.progress import Progress
from wires.printable import printable

_PAUSE = 0.2
_LOOK_EVERY = 1.0
"""Seconds between looks into the ledger while something is at work."""


def up(*, port: int, environment: str) -> None:
    """Stay up until interrupted. Raises UsageError if the port is taken."""
    progress = Progress()
    with deployed(environment, progress=progress, port=port) as platform:
        cloud = platform.cloud
        with told_up(cloud.work, environment, cloud.endpoint):
            try:
                _introduce(platform)
                _serve(platform, progress)
            except KeyboardInterrupt:
                progress.say("going down")


def _introduce(platform: Platform) -> None:
    cloud = platform.cloud
    print(f"S3 endpoint  {cloud.endpoint}   (any credentials)")
    print(f"bucket       {platform.names.raw_bucket}")
    print("upload with")
    print(
        "  AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any "
        f"AWS_DEFAULT_REGION={cloud.region} aws s3 cp FILE.csv "
        f"s3://{platform.names.raw_bucket}/ --endpoint-url {cloud.endpoint}"
    )
    print("ask with\n  python -m local_cloud sql")
    print("Ctrl-C ends it, and everything in it", flush=True)


def _serve(platform: Platform, progress: Progress) -> None:
    cloud = platform.cloud
    schedules = Schedules(cloud.schedules, start=time.monotonic())
    for expression in schedules.not_followed:
        progress.say(f"schedule {expression} is not followed on a laptop: only rate(…) is")
    seen: set[tuple[str, str]] = set()
    looked = 0.0
    is_news = False
    while True:
        now = time.monotonic()
        for schedule in schedules.due(now):
            cloud.come_round(schedule)
        work = cloud.work_once()
        is_news = is_news or work is not Work.NONE or bool(cloud.active_runs)
        if is_news and now - looked >= _LOOK_EVERY:
            looked, is_news = now, False
            for line in _finished(platform, seen):
                print(line, flush=True)
        if work is not Work.DONE:
            time.sleep(_PAUSE)


def _finished(platform: Platform, seen: set[tuple[str, str]]) -> Iterator[str]:
    """Yield a line for each object version that has ended since the last look."""
    for upload in platform.uploads():
        name = (upload.key, upload.version_id)
        if upload.is_open or name in seen:
            continue
        seen.add(name)
        item = described(upload)
        rows = f"{item['rows_published']:,} of {item['rows_in']:,} rows"
        facts = [item["status"], item["dataset"], rows if item["rows_in"] else "", item["reason"]]
        yield f"{printable(upload.key)}: {', '.join(filter(None, facts))}"
