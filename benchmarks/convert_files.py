"""Local files to Parquet with the engine alone: no ledgers, no catalog, nothing to publish to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlparse

from pyspark.sql import SparkSession

from lake.engine import Engine
from lake.planning.commit import Commit, Stamp
from lake.planning.datasets import name_datasets
from lake.writing.partitions import Places
from wires.manifest import ObjectVersion, load_id_of
from wires.object_ledger import ObjectOutcome

_JOB = "convert_files"


@dataclass(frozen=True)
class BulkReport:
    """The outcomes of a conversion."""

    commit: Commit

    @property
    def outcomes(self) -> Sequence[ObjectOutcome]:
        return self.commit.outcomes

    @property
    def rows_in(self) -> int:
        return sum(outcome.rows_in for outcome in self.outcomes)

    @property
    def rows_published(self) -> int:
        return sum(outcome.rows_published for outcome in self.outcomes)

    @property
    def rows_quarantined(self) -> int:
        return sum(outcome.rows_quarantined for outcome in self.outcomes)


def convert_files(
    spark: SparkSession,
    files: Sequence[str],
    *,
    out: str,
    target_file_bytes: int = 128 * 1024 * 1024,
    max_expansion_ratio: int = 200,
) -> BulkReport:
    """Convert files, given as `file:///…`, below `out`: `processed/<dataset>/…`, `quarantine/…`.

    The dataset of a single file is its stem. With several files, the folder above their common
    folder stands for the bucket, so the dataset is named after the common folder.
    """
    paths = [Path(unquote(urlparse(file).path)) for file in files]
    root = _common_folder(paths)
    versions = [_version(path, root) for path in paths]
    names: dict[str, str] = {}
    content: dict[tuple[str, str], str] = {}
    engine = Engine(
        spark=spark,
        places=Places(
            raw_bucket=f"file://{root}",
            processed_bucket=f"{out}/processed",
            quality_bucket=out,
            assets_bucket=out,
        ),
        stamp=Stamp(
            load_id=load_id_of(str(root), versions),
            processing_job=_JOB,
            processed_at=datetime.now(UTC).isoformat(),
        ),
        attempt="attempt-1",
        target_bytes=target_file_bytes,
        max_ratio=max_expansion_ratio,
        isolate=False,
        contracts={},
        claim_content=lambda version, digest: content.setdefault(
            (version.key, digest), version.version_id
        ),
    )
    inspected = engine.inspect(versions)
    datasets = name_datasets([v.key for v in versions], {}, names.setdefault)
    return BulkReport(engine.write(inspected, datasets, {}))


def _common_folder(paths: Sequence[Path]) -> Path:
    folder = paths[0].parent
    while not all(path.is_relative_to(folder) for path in paths):
        folder = folder.parent
    return folder.parent if len(paths) > 1 else folder


def _version(path: Path, root: Path) -> ObjectVersion:
    facts = path.stat()
    return ObjectVersion(
        key=path.relative_to(root).as_posix(),
        version_id=str(facts.st_mtime_ns),
        size=facts.st_size,
        uploaded_at=datetime.fromtimestamp(facts.st_mtime, UTC).isoformat(),
    )
