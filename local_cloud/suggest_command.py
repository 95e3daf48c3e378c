"""`suggest-rules`: a first set of quality rules for a dataset, from the profile of its rows."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from local_cloud.errors import UsageError
from local_cloud.platform import Platform, deployed
from local_cloud.uploads import files_to_upload
from operations.progress import Progress
from quality_report.errors import ReportError
from quality_report.report import QualityReport
from quality_report.suggest import suggest_rules
from wires.layout import reports

_KINDS = ("dataset", "table")


def suggest(dataset: str, paths: Sequence[Path], *, result: Path | None, environment: str) -> str:
    """Return DQDL for the rows of files that are run now, or of an earlier `run --out`.

    Raises UsageError if neither has a profile of the dataset, or of a curated table of that name.
    """
    if paths and result:
        raise UsageError("give files, or --result with an earlier `run --out`, not both")
    if paths:
        return _suggested(_report_of_files(dataset, paths, environment=environment))
    return _suggested(_report_in(result or Path("result"), dataset))


def _suggested(report: QualityReport) -> str:
    if report.profile is None:
        raise UsageError(f"the report of {report.model} has no profile: run its files again")
    return suggest_rules(report.profile, at=report.at)


def _report_in(result: Path, dataset: str) -> QualityReport:
    folders = [result / "quality" / "reports" / kind / dataset for kind in _KINDS]
    found = [path for folder in folders for path in folder.rglob("report.json")]
    if not found:
        raise UsageError(
            f"{result} has no quality report of '{dataset}': make one with `python -m local_cloud "
            f"run FOLDER --prefix data/incoming/YYYY/MM/DD --out {result}`, or name files here"
        )
    reports = [_read(path.read_text(encoding="utf-8"), str(path)) for path in found]
    return max(reports, key=lambda report: report.at)


def _read(text: str, name: str) -> QualityReport:
    try:
        return QualityReport.from_json(text)
    except ReportError as error:
        raise UsageError(f"{name} cannot be read: {error}") from error


def _report_of_files(dataset: str, paths: Sequence[Path], *, environment: str) -> QualityReport:
    prefix = f"data/incoming/{datetime.now(UTC):%Y/%m/%d}/{dataset}"
    files = files_to_upload(paths, prefix=prefix)
    progress = Progress()
    with deployed(environment, progress=progress) as platform:
        for file in files:
            platform.upload(file.key, file.path)
        platform.settle()
        with tempfile.TemporaryDirectory() as folder:
            _fetch_reports(platform, Path(folder))
            return _report_in(Path(folder), dataset)


def _fetch_reports(platform: Platform, folder: Path) -> None:
    s3, bucket = platform.cloud.client("s3"), platform.names.quality_bucket
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=reports())
    for item in (item for page in pages for item in page.get("Contents", ())):
        if item["Key"].endswith(".json"):
            path = folder / "quality" / item["Key"]
            path.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, item["Key"], str(path))
