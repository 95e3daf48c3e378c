"""Ingestion as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.layers.ingestion import CONTENDERS, LAYER, OURS, PHASE
from benchmarks.layers.ingestion.files import FORMATS
from benchmarks.layers.results import Found
from benchmarks.report import table

_LIMITS = """\
- *plain Spark job*: one `spark.read` with inference (`multiLine` for CSV, where fields have line
  ends in them, and for the list), three metadata columns, `partitionBy` into Snappy Parquet. It
  counts nothing; ours counts each record and reads back what it has written. Avro, for which plain
  Spark needs a jar: all records through fastavro on the driver, then to Spark as an Arrow table.
- *this reader*: the engine of the file processor, from files to partitions that are counted.
- Decimals that have become doubles and dates that are text are told and not called wrong: at these
  sizes the values can still be had from them.
- Where `× ours` is less than 1, plain Spark was quicker.
- What limits ours: a list of JSON, Parquet, ORC and Avro are read by **one** task however large
  the file is, so the second core is idle; and a file that brings its types is copied to the
  worker's disk and digested first. Plain Spark shares a Parquet file out by row groups (there are
  several here). Avro goes through Python record by record, on both sides. The first second of ours
  is Spark's first job and the start of Python workers, which weighs on files of this size.
- The ORC file has its instants as plain timestamps in UTC, as Hive and Spark write them: a file
  with ORC's own instants, as Arrow writes them, plain Spark 4.1 refuses to read
  (`PARSE_SYNTAX_ERROR` for `timestamp with local time zone`)."""


def ingestion_section(found: Found, *, sizes: Mapping[str, int], rows: int) -> str:
    head = ("file", "MB", "", "seconds (range)", "× ours", "rows/s", "start-up s", "peak memory")
    timing = table((*head, "values"), _rows(found, sizes, rows), left=1)
    return (
        f"## Ingestion: {rows:,} records in six formats\n\nThe 22 columns of results.md, with line "
        "ends, commas and quotes in a fifth of the rows: whole numbers, decimals, dates, "
        "timestamps with and without a zone, text with umlauts, codes with leading zeros, nulls."
        f"\n\n{timing}\n\n{_LIMITS}"
    )


def _rows(found: Found, sizes: Mapping[str, int], rows: int) -> Iterator[list[str]]:
    for ending, name in FORMATS.items():
        ours = found.of(LAYER, ending, OURS)
        for contender, called in CONTENDERS.items():
            runs = found.of(LAYER, ending, contender)
            seconds = runs.seconds(PHASE)
            yield [
                name,
                f"{sizes[ending] / 1e6:,.0f}",
                called,
                runs.spread(PHASE),
                runs.times_as_long_as(ours, PHASE),
                f"{rows / seconds:,.0f}" if seconds else "",
                runs.startup,
                runs.peak,
                runs.verdicts,
            ]
