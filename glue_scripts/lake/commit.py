"""The commit: what one attempt of a load has written and is going to publish.

It is stored in the assets bucket before the load ledger points at it. From then on every
attempt only carries it out, so a run can be killed at any point. It is kept for as long as
its rows: it says which originals they were made of, and how those were read.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from typing import Any

from iceberg.field_ids import FieldIds
from iceberg.written_file import WrittenFile
from lake.layout import Layout
from lake.originals import Span
from lake.row_rules import NO_RULES, RowRules
from lake.schema import Schema
from wires.layout import BY_DAY, Values
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectOutcome, ObjectStatus

_NAMES_IN_LAYOUT = ("fields", "nested", "unshaped", "untold")


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """What every row of a load says about where it comes from."""

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
    """What its rows have to keep to."""


@dataclass(frozen=True, kw_only=True)
class PartitionWrite:
    """What a load brings for one day of one dataset."""

    dataset: str
    day: str
    """ISO date, UTC: when the originals were uploaded."""
    schema: Schema
    field_ids: FieldIds
    """Those that the files carry."""
    files: tuple[WrittenFile, ...]
    """In the processed bucket; those that have rows."""
    rows: int
    sources: tuple[Source, ...]
    filled: tuple[Mapping[str, int], ...]
    """Of each source how many values it has brought to each column: as many as were read of it."""
    quarantine_prefix: str
    rows_quarantined: int

    @property
    def values(self) -> Values:
        """Of the partition columns."""
        return BY_DAY.values(date.fromisoformat(self.day))


@dataclass(frozen=True, kw_only=True)
class Move:
    """Rows that stand in the table already, in files with other types."""

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
        """What the load's rows say about where they come from."""
        return Stamp(load_id=self.load_id, processing_job=self.job, processed_at=self.processed_at)

    @cached_property
    def writes(self) -> Mapping[str, tuple[PartitionWrite, ...]]:
        """What is written, by dataset."""
        found: defaultdict[str, list[PartitionWrite]] = defaultdict(list)
        for write in self.partitions:
            found[write.dataset].append(write)
        return {dataset: tuple(writes) for dataset, writes in found.items()}

    @property
    def datasets(self) -> list[str]:
        """Those whose tables are touched."""
        return sorted(self.writes)

    def to_json(self) -> str:
        content = asdict(self)
        for item, write in zip(content["partitions"], self.partitions, strict=True):
            item["schema"] = write.schema.spell()
        for item, move in zip(content["moves"], self.moves, strict=True):
            item["write"]["schema"] = move.write.schema.spell()
        return json.dumps(content, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Commit:
        content = json.loads(text)
        return cls(
            load_id=content["load_id"],
            job=content["job"],
            processed_at=content["processed_at"],
            outcomes=tuple(_outcome(item) for item in content["outcomes"]),
            partitions=tuple(_partition(item) for item in content["partitions"]),
            moves=tuple(
                Move(**{**item, "write": _partition(item["write"])}) for item in content["moves"]
            ),
        )


def _outcome(item: dict[str, Any]) -> ObjectOutcome:
    return ObjectOutcome(**{**item, "status": ObjectStatus(item["status"])})


def _layout(item: dict[str, Any]) -> Layout:
    before = tuple((line, text) for line, text in item["before"])
    names = {name: tuple(item[name]) for name in _NAMES_IN_LAYOUT}
    return Layout(**{**item, **names, "before": before})


def _span(item: dict[str, Any]) -> Span:
    return Span(**{**item, "repeats": tuple(item["repeats"])})


def _rules(item: dict[str, Any]) -> RowRules:
    return RowRules(
        required=tuple(item["required"]),
        types=tuple((name, kind) for name, kind in item["types"]),
        only=tuple(item["only"]),
        texts=tuple(item["texts"]),
        unique=tuple(item["unique"]),
    )


def _partition(item: dict[str, Any]) -> PartitionWrite:
    sources = tuple(
        Source(
            version=ObjectVersion(**source["version"]),
            layout=_layout(source["layout"]),
            spans=tuple(_span(span) for span in source["spans"]),
            rules=_rules(source["rules"]),
        )
        for source in item["sources"]
    )
    files = tuple(
        WrittenFile(**{**file, "partition": tuple(file["partition"])}) for file in item["files"]
    )
    read = {"schema": Schema.read(item["schema"]), "sources": sources, "files": files}
    return PartitionWrite(**{**item, **read, "filled": tuple(item["filled"])})
