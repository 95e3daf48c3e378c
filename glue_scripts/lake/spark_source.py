"""The reader as a source of Spark's, for other jobs:

    spark.dataSource.register(LakeCsv)
    spark.read.format("lake_csv").load("s3://bucket/prefix/")

A row per well-formed record of every object under the path, in the types that all values have,
in a partition per piece. A record that is no row ends the query with its file, line and
reason; with the option `badRecordsPath` it is written there instead, as JSON Lines.

The driver reads everything once to know the types; the tasks read it again. Options:
`badRecordsPath` (a folder), `pieceBytes` (of a partition, default 128 MiB),
`maxExpansionRatio`, and what a contract may fix: `delimiter`, `quote`, `escape`, `encoding`,
`header`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import accumulate
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pyarrow as pa
import pyspark
from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

from lake.commit import Source
from lake.conversion import Piece, reading_of
from lake.csv_source import examine, is_single_byte, may_be_single_byte
from lake.decoding import SINGLE_BYTE
from lake.errors import InputRefused, LakeError
from lake.findings import Findings, put_together
from lake.isolation import USUAL_BUDGET
from lake.layout import Layout
from lake.observing import convert
from lake.originals import Span
from lake.reading import PieceReading
from lake.schema import Schema
from lake.store import StoredOriginal, client
from lake.surveying import Look, Surveyed, confirmed, spans_of
from wires.contracts import CsvDemands
from wires.manifest import ObjectVersion

NEEDED_SPARK = (4, 1)
_PIECE_BYTES = 128 * 1024 * 1024
_MAX_RATIO = 200


@dataclass
class PiecePartition(InputPartition):
    """One piece of one file, with its exact start and the line of that."""

    piece: Piece
    bucket: str
    line: int
    number: int

    def __init__(self, piece: Piece, bucket: str, line: int, number: int) -> None:
        super().__init__(number)
        self.piece, self.bucket, self.line, self.number = piece, bucket, line, number


class LakeCsv(DataSource):
    """`lake_csv`. Raises InputRefused naming the file where one cannot be read as CSV."""

    def __init__(self, options: dict[str, str]) -> None:
        super().__init__(options)
        check_spark(pyspark.__version__)

    @classmethod
    def name(cls) -> str:
        return "lake_csv"

    def schema(self) -> StructType:
        return from_arrow_schema(self._found[1])

    def reader(self, schema: StructType) -> DataSourceReader:
        partitions, own = self._found
        if schema != from_arrow_schema(own):
            raise LakeError(
                f"lake_csv finds the types itself ({from_arrow_schema(own).simpleString()}) and "
                f"was given {schema.simpleString()}: leave .schema(…) out and cast afterwards"
            )
        return LakeCsvReader(partitions, own, self.options)

    @cached_property
    def _found(self) -> tuple[list[PiecePartition], pa.Schema]:
        bucket, versions = _objects(self.options.get("path", ""))
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            surveying = _Surveying(bucket, self.options, pool)
            begun = [surveying.begin(version) for version in versions]
            surveyed = [surveying.finish(*begin) for begin in begun]
        schema = Schema()
        partitions: list[PiecePartition] = []
        for item, lines in surveyed:
            if item.survey and item.survey.layout.fields:
                schema = schema.merge(Schema.of(item.survey.layout.fields, item.survey.types))
                source = Source(version=item.version, layout=item.survey.layout, spans=item.spans)
                for span, line in zip(item.spans, lines, strict=True):
                    number = len(partitions)
                    partitions.append(PiecePartition(Piece(source, span), bucket, line, number))
        fields = [pa.field(column.name, column.type.arrow) for column in schema.columns]
        metadata = {b"types": json.dumps(schema.spell()).encode()}
        return partitions, pa.schema(fields, metadata)


class LakeCsvReader(DataSourceReader):
    """Reads pieces on the executors."""

    def __init__(
        self, partitions: list[PiecePartition], schema: pa.Schema, options: dict[str, str]
    ) -> None:
        self._partitions = partitions
        self._schema = schema
        self._bad_path = _folder(options.get("badrecordspath", ""))
        self._max_ratio = int(options.get("maxexpansionratio", _MAX_RATIO))

    def partitions(self) -> list[PiecePartition]:
        return self._partitions

    def read(self, partition: PiecePartition) -> Iterator[pa.RecordBatch]:  # type: ignore[override]
        types = Schema.read(json.loads(self._schema.metadata[b"types"]))
        bad: list[dict[str, Any]] = []
        for chunk in reading_of(partition.piece, partition.bucket, self._max_ratio):
            bad += [self._aside(partition, r.line, r.raw, r.reason) for r in chunk.bad]
            present = set(chunk.rows.column_names)
            columns = [
                convert(chunk.rows.column(column.source), column.type)
                if column.source in present
                else pa.chunked_array([pa.nulls(chunk.rows.num_rows, column.type.arrow)])
                for column in types.columns
            ]
            table = pa.table(columns, schema=self._schema.remove_metadata())
            yield from table.to_batches(max_chunksize=65_536)
        if bad:
            folder = Path(self._bad_path)
            folder.mkdir(parents=True, exist_ok=True)
            lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in bad)
            target = folder / f"part-{partition.number:05d}.jsonl"
            target.with_suffix(".tmp").write_text(lines)
            target.with_suffix(".tmp").rename(target)

    def _aside(
        self, partition: PiecePartition, line: int, raw: bytes, reason: str
    ) -> dict[str, Any]:
        key = partition.piece.source.version.key
        at = partition.line + line
        if not self._bad_path:
            raise LakeError(
                f"{key}, line {at}: {reason}. Set the option badRecordsPath to put such records "
                "aside and go on"
            )
        text = raw.decode("utf-8", "backslashreplace")
        return {"source_file": key, "line": at, "reason": reason, "raw": text}


def check_spark(version: str) -> None:
    """Raises LakeError for a Spark whose data source interface is not the one that is used here."""
    found = tuple(int(part) for part in version.split(".")[:2])
    if found[0] != NEEDED_SPARK[0] or found < NEEDED_SPARK:
        needed = ".".join(map(str, NEEDED_SPARK))
        raise LakeError(
            f"lake_csv is made for Spark {needed} and later releases of {NEEDED_SPARK[0]}.x, this "
            f"is {version}: run tests/glue_scripts against it, then change NEEDED_SPARK"
        )


@dataclass(frozen=True)
class _Surveying:
    """Reads files through, on all cores: Arrow and NumPy do the work, and they let go of the
    interpreter."""

    bucket: str
    options: dict[str, str]
    pool: ThreadPoolExecutor

    def begin(self, version: ObjectVersion) -> tuple[ObjectVersion, Future[Layout]]:
        demands = _demands(self.options)
        return version, self.pool.submit(self._examine, version, demands)

    def finish(
        self, version: ObjectVersion, examined: Future[Layout]
    ) -> tuple[Surveyed, list[int]]:
        """With the line on which each piece starts. Raises InputRefused, naming the file."""
        try:
            return self._survey(version, examined.result())
        except InputRefused as refusal:
            raise InputRefused(f"{version.key}: {refusal}") from refusal

    def _examine(self, version: ObjectVersion, demands: CsvDemands) -> Layout:
        original = StoredOriginal(self.bucket, version)
        return examine(original, max_ratio=self._ratio, demands=demands)[0]

    def _survey(self, version: ObjectVersion, layout: Layout) -> tuple[Surveyed, list[int]]:
        original = StoredOriginal(self.bucket, version)
        look = Look(
            bucket=self.bucket,
            contracts={},
            max_ratio=self._ratio,
            target_bytes=int(self.options.get("piecebytes", _PIECE_BYTES)),
            parallelism=1,
            budget=USUAL_BUDGET,
        )
        spans = spans_of(version.size, splittable=layout.splittable, look=look)
        read = partial(self._read, original, layout)
        found = list(self.pool.map(read, spans))
        for i in range(1, len(found)):
            if found[i].first != found[i - 1].following:
                found[i] = read(replace(spans[i], first=found[i - 1].following))
        stray = any(piece.stray for piece in found)
        if stray and may_be_single_byte(layout) and is_single_byte(original, layout, self._ratio):
            single = replace(_demands(self.options), encoding=SINGLE_BYTE.name)
            return self._survey(version, self._examine(version, single))
        lines = accumulate((piece.lines for piece in found[:-1]), initial=layout.body_line)
        presumed = put_together(layout, found)
        surveyed = Surveyed(version=version, survey=presumed, spans=spans)
        return confirmed(surveyed, found), list(lines)

    def _read(self, original: StoredOriginal, layout: Layout, span: Span) -> Findings:
        reading = PieceReading(original, layout, span, self._ratio)
        for _ in reading:
            pass
        return reading.findings

    @property
    def _ratio(self) -> int:
        return int(self.options.get("maxexpansionratio", _MAX_RATIO))


def _demands(options: dict[str, str]) -> CsvDemands:
    header = options.get("header")
    if header is not None and header.lower() not in ("true", "false"):
        raise LakeError(f"the option header is true or false, got {header!r}")
    return CsvDemands(
        delimiter=options.get("delimiter", ""),
        quote=options.get("quote", ""),
        escape=options.get("escape", ""),
        encoding=options.get("encoding", ""),
        header=None if header is None else header.lower() == "true",
    )


def _folder(path: str) -> str:
    """Raises LakeError for a place that is no folder of a file system."""
    url = urlparse(path)
    if url.scheme not in ("", "file"):
        raise LakeError(f"badRecordsPath has to be a folder that all workers see, got {path!r}")
    return unquote(url.path)


def _objects(path: str) -> tuple[str, list[ObjectVersion]]:
    """The bucket, or the folder that stands for it, and the current version of each object."""
    url = urlparse(path)
    if url.scheme in ("s3", "s3a"):
        return url.netloc, _stored(url.netloc, path.split(url.netloc + "/", 1)[1])
    local = Path(unquote(url.path))
    files = sorted(p for p in local.rglob("*") if p.is_file()) if local.is_dir() else [local]
    root = local if local.is_dir() else local.parent
    return f"file://{root}", [
        ObjectVersion(
            key=file.relative_to(root).as_posix(),
            version_id="",
            size=file.stat().st_size,
            uploaded_at="",
        )
        for file in files
    ]


def _stored(bucket: str, prefix: str) -> list[ObjectVersion]:
    pages = (
        client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    )
    return [
        ObjectVersion(
            key=item["Key"],
            version_id=item["VersionId"],
            size=item["Size"],
            uploaded_at=item["LastModified"].isoformat(),
        )
        for page in pages
        for item in page.get("Versions", ())
        if item["IsLatest"] and item["Size"]
    ]
