"""What would be seen if everything had gone right, made from the programs themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from fuzz.meaning import Value, read_moment
from fuzz.programs import Case, Dataset, File
from fuzz.seen import Aside, Outcome, Rows, Seen, Table
from fuzz.session import written_files
from fuzz.truth import Cell, Nature, Record, Standing, Written, sources_of


def rightly_seen(case: Case) -> Seen:
    written = written_files(case)
    return Seen(
        outcomes={key: _outcome(item) for key, item in written.items()},
        tables={dataset.name: _table(dataset, written) for dataset in case.datasets},
        aside={key: [_aside(r) for r in _bad(item)] for key, item in written.items()},
    )


def with_values(seen: Seen, dataset: str, key: str, columns: Mapping[str, list[Value]]) -> Seen:
    """Other values in some columns of one object's rows; counts are kept in step."""
    table = seen.tables[dataset]
    rows = table.rows[key]
    changed = {**rows.columns, **columns}
    count = max(map(len, changed.values()))
    rows = replace(rows, columns=changed, count=count)
    tables = {**seen.tables, dataset: replace(table, rows={**table.rows, key: rows})}
    outcome = seen.outcomes[key]
    told = replace(outcome, rows_published=count, rows_in=count + outcome.rows_quarantined)
    return replace(seen, tables=tables, outcomes={**seen.outcomes, key: told})


def column_of(name: str) -> str:
    """As a table might call it."""
    return f"c_{name.casefold()}"


def _outcome(written: Written) -> Outcome:
    good, bad = len(_good(written)), len(_bad(written))
    return Outcome(
        status="published", rows_in=good + bad, rows_published=good, rows_quarantined=bad
    )


def _table(dataset: Dataset, written: Mapping[str, Written]) -> Table:
    rows = {
        dataset.key(file): _rows(file, _good(written[dataset.key(file)])) for file in dataset.files
    }
    return Table(comments={}, rows=rows)


def _rows(file: File, records: list[Record]) -> Rows:
    columns: dict[str, list[Value]] = {
        column_of(name): [_value(record.cells[place]) for record in records]
        for place, name in enumerate(sources_of(file))
    }
    texts = {n for n, values in columns.items() if any(v and isinstance(v, str) for v in values)}
    return Rows(columns=columns, texts=frozenset(texts), count=len(records))


def _value(cell: Cell) -> Value:
    match cell.nature:
        case Nature.NONE:
            return None
        case Nature.NUMBER:
            return Decimal(cell.text)
        case Nature.TRUTH:
            return cell.text == "true"
        case Nature.MOMENT:
            return read_moment(cell.text)
        case _:
            return cell.text


def _aside(record: Record) -> Aside:
    return Aside(line=record.line, reason="2 fields, expected 3", raw=record.raw)


def _good(written: Written) -> list[Record]:
    return [record for record in written.records if record.standing is not Standing.BAD]


def _bad(written: Written) -> list[Record]:
    return [record for record in written.records if record.standing is Standing.BAD]
