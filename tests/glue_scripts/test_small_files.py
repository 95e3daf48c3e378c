"""Many small files: what is presumed of them, and how they share tasks, changes no result."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyspark.sql import SparkSession

from benchmarks.convert_files import convert_files
from fuzz.here import work_here
from lake.columns.types import NOTHING, ColumnType, Kind
from lake.planning.commit import Source
from lake.reading.csv import header
from lake.reading.csv.header import judge_header
from lake.reading.layout import CSV, CsvLayout
from lake.reading.originals import Span
from lake.reading.presumption import Presumptions
from lake.reading.row_rules import RowRules
from lake.writing import conversion
from lake.writing.partitions import pack
from lake.writing.shaping import Part, shaped
from lake.writing.tasks import ConversionTask
from tests.glue_scripts.test_csv_evidence import KINDS, table
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectStatus

MEGABYTE = 1024 * 1024
WHOLE = ColumnType(Kind.INTEGER, 3)
HEADED = CsvLayout(format=CSV, header="id,v", fields=("id", "v"))


def dice(*of: object) -> random.Random:
    return random.Random(str(of))  # noqa: S311 - no secret


def test_the_quick_way_to_a_header_is_the_thorough_one_s(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = list(_heads())
    quick = [judge_header(first, rows) for first, rows in cases]
    monkeypatch.setattr(header, "_surely_names", lambda *_: False)
    assert [judge_header(first, rows) for first, rows in cases] == quick
    assert len(set(quick)) == 3


def _heads() -> Iterator[tuple[list[str], list[list[str]]]]:
    odd = ["id", "Name", "2021", "n/a", "", "true", "x9", "5%", "null", "a b", "12:30"]
    for seed in range(1500):
        draw = dice("head", seed)
        kinds = tuple(draw.choices(list(KINDS), k=draw.randint(1, 5)))
        rows = table(kinds, draw.randint(0, 6), draw)
        first = table(kinds, 1, draw)[0]
        if draw.random() < 0.7:
            first = [draw.choice([*odd, f"column {i}"]) for i in range(len(kinds))]
        if rows and draw.random() < 0.3:
            # A word that comes again below is rather a value.
            place = draw.randrange(len(kinds))
            first[place] = draw.choice(rows)[place]
        if rows and draw.random() < 0.3:
            rows.insert(draw.randrange(len(rows)), first)
        yield first, rows


def test_less_and_less_often_are_files_of_the_same_header_looked_at() -> None:
    looks: list[int] = []
    known = Presumptions()
    for number in range(1, 101):
        known.types(HEADED, partial(_look, looks, number))
    assert looks == [1, 2, 4, 8, 16, 32, 64]
    assert known.types(HEADED, lambda: [WHOLE]) == [WHOLE, NOTHING]


def _look(looks: list[int], number: int) -> list[ColumnType]:
    looks.append(number)
    return [WHOLE, NOTHING]


def test_nothing_is_presumed_from_files_that_have_shown_nothing_yet() -> None:
    known = Presumptions()
    for _ in range(6):
        assert known.types(HEADED, lambda: [NOTHING, NOTHING]) == [NOTHING, NOTHING]
    assert known.types(HEADED, lambda: [WHOLE, NOTHING]) == [WHOLE, NOTHING]
    assert known.types(HEADED, lambda: [NOTHING, NOTHING]) == [WHOLE, NOTHING]


@pytest.mark.parametrize("seed", range(3))
def test_what_one_of_many_files_alone_holds_is_published_as_it_came(
    spark: SparkSession, tmp_path: Path, seed: int
) -> None:
    """Among files that are not looked at, too: a text among numbers, a digit more, the first value
    of a column that is empty in all others; a file without rows, one of rows without values."""
    draw = dice("files", seed)
    folder = tmp_path / "in" / "things"
    folder.mkdir(parents=True)
    files = {
        number: [[f"{number}{i:02d}", f"{draw.randint(0, 99)}.25", str(draw.randint(1, 99)), ""]
                 for i in range(20)]
        for number in range(60)
    }  # fmt: skip
    empty, blank, *odd = draw.sample(sorted(files), 8)
    files[empty] = []
    files[blank] = [["", "", "", ""]] * 2
    for number, (column, value) in zip(
        odd,
        [(1, "n.a."), (1, "123456789.125"), (2, "007"), (2, "9" * 17), (3, "x"), (3, "2024-01-02")],
        strict=True,
    ):
        draw.choice(files[number])[column] = value
    for number, rows in files.items():
        lines = [",".join(row) for row in (["id", "amount", "count", "note"], *rows)]
        (folder / f"{number:03d}.csv").write_text("\n".join(lines) + "\n")
    paths = [path.as_uri() for path in sorted(folder.iterdir())]
    report = convert_files(spark, paths, out=(tmp_path / "out").as_uri())
    published = [row for rows in files.values() for row in rows]
    assert report.rows_in == report.rows_published == len(published)
    found = {outcome.key: outcome.status for outcome in report.outcomes}
    assert found.pop(f"things/{empty:03d}.csv") is ObjectStatus.EMPTY
    assert set(found.values()) == {ObjectStatus.PUBLISHED}
    with duckdb.connect() as connection:
        stored = connection.execute(
            "SELECT id::VARCHAR, amount::VARCHAR, count::VARCHAR, note::VARCHAR FROM "  # noqa: S608
            f"read_parquet('{tmp_path}/out/processed/things/**/*.parquet')"
        ).fetchall()
    assert sorted(tuple(value or "" for value in row) for row in stored) == sorted(
        map(tuple, published)
    )


@pytest.mark.parametrize("can_be_together", [True, False])
def test_small_files_of_other_columns_and_orders_keep_each_to_its_own(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    can_be_together: bool,
) -> None:
    """Files that are converted together have the same columns, if not in the same order; some
    have no row, some rows that are none, one cannot be read. If it fails, each is converted alone,
    which is told: else nobody would see that it always does."""
    if not can_be_together:
        monkeypatch.setattr(conversion, "shaped", _shaped_alone)
    folder = tmp_path / "in" / "things"
    folder.mkdir(parents=True)
    draw = dice("orders")
    wanted: dict[str, list[tuple[str | None, ...]]] = {}
    for number in range(40):
        names = draw.sample(["id", "amount", "note"], draw.choice([2, 3, 3]))
        rows = [
            {"id": str(draw.randint(1, 9)), "amount": f"{draw.randint(1, 9)}.5", "note": "n/a"}
            for _ in range(draw.choice([0, 1, 5, 5]))
        ]
        lines = [names, *([row[name] for name in names] for row in rows)]
        text = "".join(",".join(line) + "\n" for line in lines)
        if len(rows) == 5 and number % 7 == 3:
            text += "1,2,3,4,5\n"
        (folder / f"{number:02d}.csv").write_text(text)
        wanted[f"things/{number:02d}.csv"] = [
            tuple(row[name] if name in names else None for name in ("id", "amount", "note"))
            for row in rows
        ]
    (folder / "99.csv").write_bytes(b"PK\x03\x04" + bytes(30))
    paths = [path.as_uri() for path in sorted(folder.iterdir())]
    report = convert_files(work_here(), paths, out=(tmp_path / "out").as_uri())
    assert (conversion.ONE_BY_ONE in {record.msg for record in caplog.records}) != can_be_together
    assert report.rows_published == sum(map(len, wanted.values()))
    with duckdb.connect() as connection:
        stored = connection.execute(
            "SELECT source_file, id::VARCHAR, amount::VARCHAR, note FROM "  # noqa: S608
            f"read_parquet('{tmp_path}/out/processed/things/**/*.parquet')"
        ).fetchall()
        types = connection.execute(
            "SELECT DISTINCT typeof(id), typeof(amount), typeof(note) FROM "  # noqa: S608
            f"read_parquet('{tmp_path}/out/processed/things/**/*.parquet')"
        ).fetchall()
    assert types == [("BIGINT", "DECIMAL(18,1)", "VARCHAR")]
    found: dict[str, list[tuple[str | None, ...]]] = {key: [] for key in wanted}
    for key, *row in stored:
        found[key].append(tuple(row))
    assert found == wanted


def _shaped_alone(task: ConversionTask, parts: Sequence[Part], known: Any) -> Any:
    if len(parts) > 1:
        raise ValueError("several at once")
    return shaped(task, parts, known)


@pytest.mark.parametrize("seed", range(60))
def test_objects_are_shared_out_evenly_each_once_and_in_order(seed: int) -> None:
    draw = dice("pack", seed)
    largest = draw.choice([1_000, MEGABYTE, 20 * MEGABYTE])
    sizes = [draw.randint(1, largest) for _ in range(draw.randint(0, 400))]
    sources = [source(number, size) for number, size in enumerate(sizes)]
    target, cores = draw.choice([8, 64, 128]) * MEGABYTE, draw.choice([1, 2, 16])
    shares = list(pack(draw.sample(sources, len(sources)), target_bytes=target, parallelism=cores))
    assert [piece.source for share in shares for piece in share] == sources
    for share in shares:
        assert len(share) == 1 or sum(piece.size for piece in share) <= target
    work = [sum(piece.size + 200_000 for piece in share) for share in shares]
    most = max((size + 200_000 for size in sizes), default=0)
    for wanted in (-(-sum(sizes) // target), min(cores, sum(work) // (32 * MEGABYTE))):
        assert not wanted or max(work) <= sum(work) / wanted + most


def source(number: int, size: int) -> Source:
    version = ObjectVersion(
        key=f"things/{number:04d}.csv",
        version_id="1",
        size=size,
        uploaded_at="2026-01-01T00:00:00+00:00",
    )
    return Source(version=version, layout=HEADED, spans=(Span(0, size),), rules=RowRules())
