"""Judges a load: compares what is there afterwards with what its files hold."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fuzz.findings import Finding, Wrong
from fuzz.matching import Matched, match_columns
from fuzz.programs import Case, Dataset, File, Format
from fuzz.row_matching import compare_rows
from fuzz.seen import Outcome, Rows, Seen, Table
from fuzz.truth import Duty, Standing, Written, sources_of

_MACHINERY = re.compile(
    r"py4j|Traceback|\bsys\.|surrogates not allowed|codec can't|Error -?\d|Exception\b|\w+Error\b"
    r"|\bjava\.|pyarrow|\bArrow\b|fastavro|orjson|object at 0x|<class|\(char \d|None\b",
)
_NEVER_RIGHT = {Wrong.UNSETTLED, Wrong.REASON, Wrong.COUNTS}
"""Findings that are certain, whatever a file says."""
_SETTLED = {"published", "rejected", "failed", "empty", "ignored"}
_NO_ROWS = Rows(columns={}, texts=frozenset(), count=0)


@dataclass(frozen=True)
class _File:
    dataset: Dataset
    file: File
    written: Written
    seen: Seen

    @property
    def key(self) -> str:
        return self.dataset.key(self.file)

    @property
    def outcome(self) -> Outcome:
        return self.seen.outcomes.get(self.key, Outcome(status=""))

    @property
    def table(self) -> Table:
        return self.seen.tables.get(self.dataset.name, Table(comments={}, rows={}))

    @property
    def rows(self) -> Rows:
        return self.table.rows.get(self.key, _NO_ROWS)

    def finding(self, wrong: Wrong, detail: str = "") -> Finding:
        return Finding(
            wrong=wrong,
            dataset=self.dataset.name,
            key=self.key,
            form=self.file.format.value,
            detail=detail,
            sure=self.written.duty is Duty.FULL or wrong in _NEVER_RIGHT,
        )


def judge(case: Case, written: Mapping[str, Written], seen: Seen) -> list[Finding]:
    """Return everything that is wrong; `written` has each file by its key."""
    if seen.died:
        return [Finding(wrong=Wrong.DIED, detail=seen.died)]
    found: list[Finding] = []
    for dataset in case.datasets:
        files = [_File(dataset, f, _as_told(dataset, f, written), seen) for f in dataset.files]
        for item in files:
            found += _of_outcome(item)
            found += _of_reasons(item)
        found += _of_contents(dataset, files)
    return found


def _as_told(dataset: Dataset, file: File, written: Mapping[str, Written]) -> Written:
    """Return what a file holds; without column names it may be refused beside files with names."""
    found = written[dataset.key(file)]
    named = [_names_columns(other) for other in dataset.files]
    return found if _names_columns(file) or not any(named) else found.at_most(Duty.HONEST)


def _names_columns(file: File) -> bool:
    return file.format is not Format.CSV or file.csv.header


def _of_outcome(item: _File) -> Iterator[Finding]:
    outcome, duty = item.outcome, item.written.duty
    if outcome.status not in _SETTLED:
        yield item.finding(Wrong.UNSETTLED, f"its status is '{outcome.status}'")
        return
    if outcome.status == "ignored":
        yield item.finding(Wrong.IGNORED, outcome.reason)
    if outcome.status == "empty" and _has_rows(item.written) and duty is not Duty.NONE:
        yield item.finding(Wrong.EMPTIED, outcome.reason)
    if outcome.status in ("rejected", "failed") and duty is Duty.FULL:
        wrong = Wrong.REFUSED if outcome.status == "rejected" else Wrong.FAILED
        yield item.finding(wrong, outcome.reason)
    if outcome.status != "published" and item.rows.count:
        yield item.finding(Wrong.INVENTED, f"{item.rows.count} rows of a {outcome.status} object")
    there = (item.rows.count, len(item.seen.aside.get(item.key, ())))
    said = (outcome.rows_published, outcome.rows_quarantined)
    if outcome.status == "published" and (there != said or outcome.rows_in != sum(said)):
        yield item.finding(
            Wrong.COUNTS, f"in, published, quarantined: {outcome.rows_in}, {said}; there: {there}"
        )


def _has_rows(written: Written) -> bool:
    return any(record.standing is Standing.ROW for record in written.records)


def _of_reasons(item: _File) -> Iterator[Finding]:
    reasons = {aside.reason for aside in item.seen.aside.get(item.key, ())}
    if item.outcome.status in ("rejected", "failed"):
        reasons.add(item.outcome.reason)
    for reason in sorted(reasons):
        if not reason.strip() or _MACHINERY.search(reason):
            yield item.finding(Wrong.REASON, repr(reason))


def _of_contents(dataset: Dataset, files: list[_File]) -> Iterator[Finding]:
    judged = [
        item
        for item in files
        if item.outcome.status == "published" and item.written.duty is not Duty.NONE
    ]
    matched: dict[str, Matched] = {}
    for item in judged:
        asides = item.seen.aside.get(item.key, ())
        elsewhere = {aside.line for aside in asides}
        records = [r for r in item.written.records if r.cells and r.line not in elsewhere]
        sources = sources_of(item.file)
        found = match_columns(sources, records, item.rows, item.table.comments)
        matched[item.key] = found
        yield from _of_columns(item, found)
        if not found.lost:
            rows = compare_rows(sources, item.written, item.rows, found.columns, asides)
            yield from (item.finding(wrong, detail) for wrong, detail in rows)
    for complaint in files[0].table.complaints:
        yield Finding(wrong=Wrong.UNLIKE, dataset=dataset.name, detail=complaint)
    yield from _of_names(dataset, matched, files[0].table.comments)


def _of_columns(item: _File, found: Matched) -> Iterator[Finding]:
    for name in sorted(found.lost):
        yield item.finding(Wrong.COLUMN_LOST, f"{name!r}; there are {sorted(item.rows.columns)}")
    if found.lost or item.written.inventions:
        return
    for column in sorted(set(item.rows.columns) - set(found.columns.values())):
        values = [v for v in item.rows.columns[column] if v not in (None, "")]
        if values:
            yield item.finding(Wrong.COLUMN_INVENTED, f"{column!r} holds {values[:3]!r}")


def _of_names(
    dataset: Dataset, matched: Mapping[str, Matched], comments: Mapping[str, str]
) -> Iterator[Finding]:
    """Find names that are not the same column in every file, and columns with several names."""
    columns: defaultdict[str, set[str]] = defaultdict(set)
    names: defaultdict[str, set[str]] = defaultdict(set)
    for found in matched.values():
        for name in set(found.columns) - found.doubtful:
            columns[name].add(found.columns[name])
            names[found.columns[name]].add(name)
    for name, places in sorted(columns.items()):
        if len(places) > 1:
            detail = f"{name!r} is {' and '.join(sorted(places))}"
            yield Finding(wrong=Wrong.COLUMN_MOVED, dataset=dataset.name, detail=detail)
    for column, those in sorted(names.items()):
        if len(those) > 1:
            detail = f"{column!r} has the values of {sorted(those)}"
            yield Finding(wrong=Wrong.COLUMN_SHARED, dataset=dataset.name, detail=detail)
        comment = comments.get(column)
        if comment in columns and comment not in those:
            detail = f"{column!r} says {comment!r} and has the values of {sorted(those)}"
            yield Finding(wrong=Wrong.MISNAMED, dataset=dataset.name, detail=detail)
