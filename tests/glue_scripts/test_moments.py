"""Days and moments far from now, from files that other systems write."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from lake.columns.moments import rebased, unwrapped
from lake.columns.types import TEXT, ColumnType, Kind
from tests.glue_scripts.typed_files import at, parquet, read, refusal

EPOCH = at(1970, 1, 1)
JULIAN_DAY_OF_EPOCH = 2_440_588
BY_SPARK = Path(__file__).with_name("far_moments.orc")
FAR = [
    at(1, 1, 1),
    at(1000, 2, 28, 12, 0, 0, 123456),
    at(1582, 10, 4),
    at(1582, 10, 15),
    at(1676, 1, 1, 0, 0, 0, 500_000),
    at(2300, 1, 1, 0, 0, 0, 250_000),
    at(9999, 12, 31, 12, 59, 59, 999_999),
]


def int96(moments: list[tuple[datetime, int]]) -> bytes:
    """A Parquet file with moments and nanoseconds of them, in bytes that no writer here makes."""
    stand_ins = pa.array(range(1, len(moments) + 1), pa.timestamp("ns"))
    content = parquet(
        pa.table({"at": stand_ins}),
        use_deprecated_int96_timestamps=True,
        use_dictionary=False,
        compression="none",
        store_schema=False,
    )
    for number, (moment, nanos) in enumerate(moments, start=1):
        day = (moment.date() - EPOCH.date()).days
        in_day = (moment - datetime.combine(moment.date(), EPOCH.time())) // timedelta(
            microseconds=1
        )
        made = struct.pack("<qi", in_day * 1000 + nanos, day + JULIAN_DAY_OF_EPOCH)
        content = content.replace(struct.pack("<qi", number, JULIAN_DAY_OF_EPOCH), made)
    return content


@given(st.lists(st.datetimes(at(1, 1, 1), at(9999, 12, 31)), min_size=1, max_size=9))
def test_moments_in_96_bits_come_as_they_were_written(moments: list[datetime]) -> None:
    found = read(int96([(moment, 0) for moment in moments]))
    assert [row["at"] for row in found.rows] == moments
    assert found.types == {"at": ColumnType(Kind.TIMESTAMP)}


NO_MOMENTS = [(-1, 2_440_588), (-1000, 2_440_588), (-86_400 * 10**9, 2_459_000), (0, 0), (5, 0)]


@pytest.mark.parametrize(("nanos", "day"), NO_MOMENTS)
@pytest.mark.parametrize("dictionary", [True, False])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "zstd", "lz4"])
@pytest.mark.few(40)
def test_what_is_no_moment_in_96_bits_is_not_taken_for_one(
    nanos: int, day: int, dictionary: bool, version: str, codec: str
) -> None:
    """A library takes nanoseconds below zero for 584 years, and day 0 for one in 1970."""
    write = partial(
        parquet,
        use_deprecated_int96_timestamps=True,
        use_dictionary=dictionary,
        data_page_version=version,
        store_schema=False,
        write_statistics=False,
    )
    moments = [None, 1, 0, 10**18, 2**62]
    good = write(pa.table({"at": pa.array(moments, pa.timestamp("ns"))}), compression=codec)
    assert len(read(good).rows) == len(moments)

    plain = write(pa.table({"at": pa.array(moments, pa.timestamp("ns"))}), compression="none")
    one, other = struct.pack("<qi", 1, JULIAN_DAY_OF_EPOCH), struct.pack("<qi", nanos, day)
    assert plain.count(one) == 1
    reason = refusal(plain.replace(one, other))
    assert f"a moment at {nanos:,} nanoseconds of day {day:,}" in reason


def test_far_moments_in_96_bits_are_looked_at_as_they_stand() -> None:
    far = [at(2262, 4, 12), at(2500, 1, 1), at(2846, 1, 1), EPOCH]
    assert [row["at"] for row in read(int96([(moment, 0) for moment in far])).rows] == far


def test_nanoseconds_in_96_bits_are_kept_wherever_they_are() -> None:
    found = read(int96([(at(9999, 12, 31), 1), (at(1, 1, 1), 0), (EPOCH, 999)]))
    assert found.types == {"at": TEXT}
    assert [row["at"] for row in found.rows] == [
        "9999-12-31T00:00:00.000000001",
        "0001-01-01T00:00:00",
        "1970-01-01T00:00:00.000000999",
    ]


def test_moments_of_an_orc_file_by_spark_come_as_they_were_written() -> None:
    found = read(BY_SPARK.read_bytes())
    read_moments = [row["t"] for row in found.rows]
    assert [moment for moment in read_moments if moment in FAR] == FAR
    assert [row["d"] for row in found.rows][:4] == [
        date(1, 1, 1),
        date(1500, 2, 28),
        date(1582, 10, 4),
        date(1582, 10, 15),
    ]
    assert found.rows[-1]["t"] is None


@given(st.datetimes(at(1, 1, 1), at(9999, 12, 31)), st.integers(0, 999))
def test_what_64_bits_do_not_hold_is_put_back(moment: datetime, nanos: int) -> None:
    true = (moment - EPOCH) // timedelta(microseconds=1) * 1000 + nanos
    wrapped = (true + 2**63) % 2**64 - 2**63
    found = unwrapped(pa.array([true // 10**9]), pa.array([wrapped]), None)
    if nanos:
        [value] = found.to_pylist()
        assert (value["micros"], value["nanos"]) == (moment, nanos)
    else:
        assert found.to_pylist() == [moment]


def julian_day_number(year: int, month: int, day: int) -> int:
    """https://en.wikipedia.org/wiki/Julian_day#Converting_Julian_calendar_date_to_Julian_Day_Number"""
    return (
        367 * year
        - 7 * (year + 5001 + int((month - 9) / 7)) // 4
        + 275 * month // 9
        + day
        + 1_729_777
    )


@given(st.integers(1, 1581), st.integers(1, 12), st.integers(1, 28))
def test_a_day_of_the_old_calendar_keeps_its_name(year: int, month: int, day: int) -> None:
    stored = julian_day_number(year, month, day) - JULIAN_DAY_OF_EPOCH
    days = pa.array([stored], pa.int32()).cast(pa.date32())
    assert rebased(days).to_pylist() == [date(year, month, day)]
    moments = pa.array([stored * 86_400 + 5]).cast(pa.timestamp("s", "UTC"))
    expected = datetime(year, month, day, 0, 0, 5, tzinfo=UTC)
    assert rebased(moments).to_pylist() == [expected]


@given(st.dates(date(1582, 10, 15)))
def test_a_day_of_the_new_calendar_stays(day: date) -> None:
    assert rebased(pa.array([day])).to_pylist() == [day]


def test_a_day_that_only_the_old_calendar_has_costs_its_row() -> None:
    lost = julian_day_number(1500, 2, 29) - JULIAN_DAY_OF_EPOCH
    days = pa.array([lost, 0], pa.int32()).view(pa.date32())
    table = pa.table({"day": days}).replace_schema_metadata({"org.apache.spark.legacyDateTime": ""})
    found = read(parquet(table))
    assert [row["day"] for row in found.rows] == [EPOCH.date()]
    assert "outside of the years 1 to 9999" in found.bad[0].reason


def test_days_that_spark_says_are_old_are_renamed() -> None:
    stored = julian_day_number(1001, 1, 1) - JULIAN_DAY_OF_EPOCH
    table = pa.table({"day": pa.array([stored], pa.int32()).view(pa.date32())})
    told = table.replace_schema_metadata({"org.apache.spark.legacyDateTime": ""})
    assert read(parquet(told)).rows == [{"day": date(1001, 1, 1)}]
    assert read(parquet(table)).rows == [{"day": date(1001, 1, 7)}]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["orc", "parquet"])
@pytest.mark.parametrize("rebase", ["CORRECTED", "LEGACY"])
def test_days_and_moments_are_those_that_spark_reads(
    form: str, rebase: str, spark: SparkSession, tmp_path: Path
) -> None:
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    for setting in ("int96RebaseModeInWrite", "datetimeRebaseModeInWrite"):
        spark.conf.set(f"spark.sql.parquet.{setting}", rebase)
    spark.conf.set("spark.sql.parquet.outputTimestampType", "INT96")
    rows = [(number, str(moment), str(moment.date())) for number, moment in enumerate(FAR)]
    frame = spark.createDataFrame(rows, "n long, t string, d string").coalesce(1)
    typed = frame.selectExpr("n", "cast(t as timestamp) t", "cast(d as date) d")
    typed.write.format(form).save(str(tmp_path / "out"))
    again = spark.read.format(form).load(str(tmp_path / "out"))
    expected = again.selectExpr("n", "cast(t as string) t", "cast(d as string) d").collect()
    [file] = (tmp_path / "out").glob("part-*")
    found = read(file.read_bytes()).rows
    assert [(row["n"], row["t"], str(row["d"])) for row in found] == [
        (row.n, datetime.fromisoformat(row.t), row.d) for row in expected
    ]
