"""What a reconciliation has found."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from wires.printable import printable
from wires.run_ledger import FINDINGS


class Kind(StrEnum):
    """Classes of damage."""

    UNKNOWN = "unknown"
    MISSING = "missing"
    STUCK = "stuck"
    GONE = "published_but_gone"
    UNUSED = "files_nobody_points_at"


MEANING: Mapping[Kind, str] = {
    Kind.UNKNOWN: "uploads that the ledger does not know",
    Kind.MISSING: "entries of the ledger whose version is not in the bucket",
    Kind.STUCK: "uploads and loads that nothing works on",
    Kind.GONE: "published loads and files that tables do not have (any more)",
    Kind.UNUSED: "data files below tables that no snapshot has",
}
ADVICE: Mapping[Kind, str] = {
    Kind.UNKNOWN: "--repair sends the event of each upload again",
    Kind.MISSING: "somebody has deleted versions for good: upload the files again, or leave it; "
    "rows that are published stay",
    Kind.STUCK: "--repair has them tried again, where nothing of them can be published twice",
    Kind.GONE: "`history TABLE` shows whether the table was rolled back: roll it forward; copy a "
    "file back from a backup; else upload the originals under other keys",
    Kind.UNUSED: "--repair tags them, as maintenance does; the bucket's lifecycle removes them",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One damage."""

    kind: Kind
    what: str
    """An upload, a load or a file, by which it is known again."""
    detail: str
    mend: Callable[[], bool] | None = field(default=None, compare=False)
    """Repairs it, once however often it is called; None if that is for a person."""

    def told(self) -> dict[str, Any]:
        return {"what": self.what, "detail": self.detail, "can_be_repaired": self.mend is not None}


@dataclass(kw_only=True)
class Report:
    """Counts of each class, and its first findings."""

    environment: str
    at: str
    limit: int = 10
    repair: bool = False
    counts: Counter[Kind] = field(default_factory=Counter)
    repaired: Counter[Kind] = field(default_factory=Counter)
    examples: dict[Kind, list[Finding]] = field(default_factory=lambda: {kind: [] for kind in Kind})
    _sum: int = field(default=0, init=False)
    """Sum of the digests of all findings, whatever their order and number."""

    @property
    def fingerprint(self) -> str:
        """Return what is the same for the same findings in any order, and else not; "" for none."""
        return "" if self.is_clean else f"{self._sum:032x}"

    @property
    def is_clean(self) -> bool:
        return not sum(self.counts.values())

    def add(self, finding: Finding) -> None:
        """Count a finding, and repair it if that was asked for."""
        self.counts[finding.kind] += 1
        digest = hashlib.sha256(f"{finding.kind}\0{finding.what}".encode(errors="surrogatepass"))
        self._sum = (self._sum + int.from_bytes(digest.digest()[:16])) % 2**128
        if len(self.examples[finding.kind]) < self.limit:
            self.examples[finding.kind].append(finding)
        if self.repair and finding.mend and finding.mend():
            self.repaired[finding.kind] += 1

    def to_json(self) -> dict[str, Any]:
        return {
            "environment": self.environment,
            "at": self.at,
            "is_clean": self.is_clean,
            "classes": {
                kind.value: {
                    "count": self.counts[kind],
                    "repaired": self.repaired[kind],
                    "examples": [one.told() for one in self.examples[kind]],
                }
                for kind in Kind
            },
        }

    def facts(self) -> dict[str, Any]:
        """Return facts for the run ledger, from which the trigger makes metrics."""
        return {
            FINDINGS: {kind.value: self.counts[kind] for kind in Kind},
            "repaired": {kind.value: self.repaired[kind] for kind in Kind},
        }

    def lines(self) -> Iterator[str]:
        if self.is_clean:
            yield f"{self.environment}: uploads, ledgers, tables and files agree"
            return
        for kind in Kind:
            if not self.counts[kind]:
                continue
            done = f", {self.repaired[kind]:,} repaired" if self.repair else ""
            yield f"{kind.replace('_', ' ')}: {self.counts[kind]:,} {MEANING[kind]}{done}"
            for one in self.examples[kind]:
                yield f"  {printable(one.what)}: {printable(one.detail)}"
            if self.counts[kind] > len(self.examples[kind]):
                yield "  … and more: --limit shows them"
            yield f"  → {ADVICE[kind]}"
