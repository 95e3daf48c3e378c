"""`run`: deploy, upload, process until nothing is pending, show what came of it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from local_cloud.export import check_out, export
from local_cloud.platform import Platform, deployed
from local_cloud.report import Report, as_text, is_good, quality_of, report_of
from local_cloud.uploads import FileToUpload, files_to_upload
from operations.progress import Progress

_LAST_LINES = 15


def run(
    paths: Sequence[Path], *, prefix: str, out: Path | None, as_json: bool, environment: str
) -> bool:
    """Return whether all objects ended published, empty or ignored, and no job's last run failed.

    Raises UsageError before any work for a path that is not there or an `out` that is taken.
    """
    files = files_to_upload(paths, prefix=prefix)
    if out is not None:
        check_out(out)
    progress = Progress()
    with deployed(environment, progress=progress) as platform:
        report = _processed(platform, files, out=out, progress=progress)
        good = is_good(report)
        if as_json:
            print(json.dumps(report))
        else:
            print(as_text(report))
            print("\n".join(quality_of(platform)))
        if not good:
            for line in _last_words(platform, report):
                progress.say(line)
            progress.say(f"all logs are in {platform.cloud.work}")
        platform.cloud.keep_logs = not good
    return good


def _processed(
    platform: Platform, files: Sequence[FileToUpload], *, out: Path | None, progress: Progress
) -> Report:
    with progress.step(f"uploading {len(files)} file{'s' if len(files) > 1 else ''}"):
        counter = progress.counter("uploaded", of=len(files))
        for file in files:
            platform.upload(file.key, file.path)
            counter.add(1)
    progress.say("processing: the queue, the trigger, then Spark")
    platform.settle()
    if out is not None:
        with progress.step(f"writing what a reader sees to {out}"):
            export(platform, out, progress=progress)
    with progress.step("asking what became of each object"):
        return report_of(platform, out=str(out) if out is not None else None)


def _last_words(platform: Platform, report: Report) -> Iterator[str]:
    """Yield the ends of the logs that tell why something did not go well."""
    logs = [
        platform.cloud.log_of_run(run["run_id"])
        for run in report["runs"]
        if run["state"] != "SUCCEEDED"
    ]
    if any(item["status"] == "pending" for item in report["objects"]):
        logs += sorted(platform.cloud.logs.glob("*.log"))
    for log in logs:
        if log.is_file() and log.stat().st_size:
            yield f"last lines of {log}:"
            with log.open(errors="replace") as lines:
                yield from (f"  {line.rstrip()}" for line in deque(lines, maxlen=_LAST_LINES))
