"""The commit: what one attempt of a load has written and is going to publish.

It is stored in the assets bucket before the load ledger points at it. From then on every
attempt only carries it out, so a run can be killed at any point. It is kept for as long as
its rows: it says which originals they were made of, and how those were read.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from iceberg.field_ids import FieldIds
from iceberg.written_file import WrittenFile
from lake.columns.schema import Schema
from lake.reading.layout import LAYOUTS_IN_JSON, Layout
from lake.reading.originals import Span
from lake.reading.row_rules import NO_RULES, RowRules
from wires.layout import BY_DAY, Values
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectOutcome
from wires.typed_json import TypedJson


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """The origin of a load's rows, which each of them records."""

    load_id: str
    processing_job: str
    processed_at: str
    """ISO 8601, UTC."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """An original and how it is read."""

    version: ObjectVersion
    layout: Layout
    spans: tuple[Span, ...]
    """The pieces in which it is read."""
    rules: RowRules = NO_RULES
    """The rules that its rows have to keep."""


@dataclass(frozen=True, kw_only=True)
class PartitionWrite:
    """The rows that a load brings for one day of one dataset."""

    dataset: str
    day: str
    """ISO date, UTC: when the originals were uploaded."""
    schema: Schema
    field_ids: FieldIds
    """Field ids of the files' columns."""
    files: tuple[WrittenFile, ...]
    """The files that have rows, in the processed bucket."""
    rows: int
    sources: tuple[Source, ...]
    filled: tuple[Mapping[str, int], ...]
    """For each source, the number of values that were read for each column."""
    quarantine_prefix: str
    rows_quarantined: int

    @property
    def values(self) -> Values:
        """Values of the partition columns."""
        return BY_DAY.values(date.fromisoformat(self.day))


@dataclass(frozen=True, kw_only=True)
class Move:
    """Rows that the table has already, written again because their files have other types."""

    write: PartitionWrite
    load_id: str
    """The load that brought them."""


@dataclass(frozen=True, kw_only=True)
class Commit:
    """Everything that a load publishes."""

    load_id: str
    job: str
    processed_at: str
    """ISO 8601, UTC. Rows that are written again later keep it."""
    outcomes: tuple[ObjectOutcome, ...]
    partitions: tuple[PartitionWrite, ...]
    moves: tuple[Move, ...] = ()

    @property
    def stamp(self) -> Stamp:
        """The origin that the load's rows record."""
        return Stamp(load_id=self.load_id, processing_job=self.job, processed_at=self.processed_at)

    @cached_property
    def writes(self) -> Mapping[str, tuple[PartitionWrite, ...]]:
        """The writes of each dataset."""
        found: defaultdict[str, list[PartitionWrite]] = defaultdict(list)
        for write in self.partitions:
            found[write.dataset].append(write)
        return {dataset: tuple(writes) for dataset, writes in found.items()}

    @property
    def datasets(self) -> list[str]:
        """Names of the datasets whose tables are changed."""
        return sorted(self.writes)

    def to_json(self) -> str:
        return json.dumps(_JSON.plain(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Commit:
        return _JSON.read(cls, json.loads(text))


# Commits are kept as long as their rows: those of earlier releases are read as well.
_JSON = TypedJson({Schema: (Schema.spell, Schema.read), **LAYOUTS_IN_JSON}, lenient=True)
