"""One contender reads one table into Parquet files; it is told on standard input, as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Told = Mapping[str, Any]
_ROWS_OF_A_FILE = 1_000_000
_AT_ONCE = 50_000


class _Folder:
    """Takes objects as S3 does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: ARG002, N803 - S3's
        (self._folder / Key).write_bytes(Body)


def connector(told: Told, *, at_once: int = 0) -> None:
    from connectors.database.database_connector import DatabaseConnector  # noqa: PLC0415
    from connectors.parquet_staging import ParquetStaging  # noqa: PLC0415
    from connectors.secrets import Secrets  # noqa: PLC0415
    from wires.database_sources import DatabaseSource, Engine, KeyRanges  # noqa: PLC0415
    from wires.positions import Span  # noqa: PLC0415
    from wires.sources import Limits  # noqa: PLC0415

    ranges = KeyRanges(column="id", at_once=at_once) if at_once else None
    source = DatabaseSource(engine=Engine(told["engine"]), table=told["table"], ranges=ranges)
    secrets = Secrets("its", lambda: json.dumps({**told}))
    staging = ParquetStaging(
        _Folder(Path(told["out"])),
        "",
        limits=Limits(rows_per_file=_ROWS_OF_A_FILE),
        name=lambda part: (f"{part}.parquet", ""),
    )
    pages = DatabaseConnector(source, None, secrets, say=print)
    for page in pages.pages(Span(since="", until="", asked_from="")):
        if page.batch is not None:
            staging.add(page.batch)
    staging.finish()


def psycopg_cursor(told: Told) -> None:
    import psycopg  # noqa: PLC0415

    options = {"host": told["host"], "port": told["port"], "dbname": told["dbname"]}
    login = {"user": told["username"], "password": told["password"]}
    with psycopg.connect(**options, **login) as connection, connection.cursor("rows") as cursor:
        cursor.execute(f"SELECT * FROM {told['table']}".encode())
        names = [column.name for column in cursor.description or ()]
        write(told, _batches(names, iter(lambda: cursor.fetchmany(_AT_ONCE), [])))


def pymysql_cursor(told: Told) -> None:
    import pymysql  # noqa: PLC0415
    from pymysql.cursors import SSCursor  # noqa: PLC0415

    options = {"host": told["host"], "port": told["port"], "database": told["dbname"]}
    login = {"user": told["username"], "password": told["password"]}
    with pymysql.connect(**options, **login) as connection, connection.cursor(SSCursor) as cursor:
        cursor.execute(f"SELECT * FROM {told['table']}")
        names = [column[0] for column in cursor.description or ()]
        write(told, _batches(names, iter(lambda: list(cursor.fetchmany(_AT_ONCE)), [])))


def _batches(names: list[str], chunks: Iterable[list[Any]]) -> Iterable[pa.RecordBatch]:
    for rows in chunks:
        arrays = [_array(values) for values in zip(*rows, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, names=names)


def _array(values: Any) -> pa.Array:
    """Return values of Python; decimals of one type, which else that of the largest would be."""
    found = pa.array(values)
    return found.cast(pa.decimal128(12, 2)) if pa.types.is_decimal(found.type) else found


def dlt(told: Told) -> None:
    import dlt as library  # noqa: PLC0415
    from dlt.destinations import filesystem  # noqa: PLC0415
    from dlt.sources.sql_database import sql_table  # noqa: PLC0415

    rows = sql_table(url(told), table=told["table"], backend="pyarrow", chunk_size=_AT_ONCE)
    out = Path(told["out"])
    pipeline = library.pipeline(
        pipeline_name="bench",
        pipelines_dir=str(out / "state"),
        destination=filesystem(str(out / "files")),
        dataset_name="rows",
    )
    pipeline.run(rows, loader_file_format="parquet")


def adbc(told: Told) -> None:
    import adbc_driver_postgresql.dbapi as driver  # noqa: PLC0415

    with driver.connect(url(told).replace("+psycopg", "")) as connection:
        cursor = connection.cursor()
        cursor.execute(f"SELECT * FROM {told['table']}")
        write(told, cursor.fetch_record_batch())


def connectorx(told: Told) -> None:
    import connectorx as library  # noqa: PLC0415

    address = url(told).replace("+psycopg", "").replace("+pymysql", "")
    query = f"SELECT * FROM {told['table']}"
    found = library.read_sql(address, query, return_type="arrow_stream", batch_size=_AT_ONCE)
    write(told, found)


def spark_jdbc(told: Told, *, ranges: int = 0) -> None:
    from pyspark.sql import SparkSession  # noqa: PLC0415

    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.memory", "4g")
        .config("spark.driver.extraClassPath", told["jar"])
        .getOrCreate()
    )
    place = f"{told['host']}:{told['port']}/{told['dbname']}"
    options = {
        "url": f"jdbc:{told['engine']}://{place}",
        "user": told["username"],
        "password": told["password"],
        # Without it the driver of PostgreSQL takes all rows into memory first.
        "fetchsize": str(_AT_ONCE),
    }
    reader = spark.read.format("jdbc").options(**options)
    if ranges:
        ends = f"(SELECT min(id) AS low, max(id) AS high FROM {told['table']}) ends"
        (found,) = reader.option("dbtable", ends).load().collect()
        reader = reader.options(
            partitionColumn="id",
            lowerBound=str(found["low"]),
            upperBound=str(found["high"]),
            numPartitions=str(ranges),
        )
    rows = reader.option("dbtable", told["table"]).load()
    rows.write.option("compression", "zstd").parquet(f"{told['out']}/{told['table']}")
    gateway = spark.sparkContext._gateway  # noqa: SLF001 - there is no other way to the process
    spark.stop()
    if gateway is not None:
        # Its memory counts once it has ended.
        gateway.proc.stdin.close()
        gateway.proc.wait()


def url(told: Told) -> str:
    scheme = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}[told["engine"]]
    place = f"{told['host']}:{told['port']}/{told['dbname']}"
    return f"{scheme}://{told['username']}:{told['password']}@{place}"


def write(told: Told, batches: Iterable[pa.RecordBatch]) -> None:
    """Write batches as the connector does: files of so many rows, one being open."""
    writer, rows, part = None, 0, 0
    for batch in batches:
        if writer is None:
            part += 1
            writer = pq.ParquetWriter(
                Path(told["out"]) / f"{part}.parquet",
                batch.schema,
                compression="zstd",
                compression_level=1,
            )
        writer.write_batch(batch)
        rows += len(batch)
        if rows >= _ROWS_OF_A_FILE:
            writer.close()
            writer, rows = None, 0
    if writer is not None:
        writer.close()


CONTENDERS: Mapping[str, Callable[[Told], None]] = {
    "connector": connector,
    "connector, 2 ranges": lambda told: connector(told, at_once=2),
    "psycopg, cursor": psycopg_cursor,
    "PyMySQL, cursor": pymysql_cursor,
    "dlt": dlt,
    "ADBC": adbc,
    "connectorx": connectorx,
    "Spark JDBC": spark_jdbc,
    "Spark JDBC, 2 ranges": lambda told: spark_jdbc(told, ranges=2),
}


def main() -> None:
    """Run, count what is in the files, and say how it went."""
    begin = time.monotonic()
    told = json.loads(sys.stdin.read())
    CONTENDERS[sys.argv[1]](told)
    seconds = time.monotonic() - begin
    peak = max(resource.getrusage(who).ru_maxrss for who in _OF_PROCESSES)
    files = sorted(Path(told["out"]).rglob(f"*{told['table']}*/*.parquet"))
    files = files or sorted(Path(told["out"]).glob("*.parquet"))
    rows = sum(pq.ParquetFile(file).metadata.num_rows for file in files)
    kind = pq.ParquetFile(files[0]).schema_arrow.field("amount").type
    found = {"seconds": seconds, "memory_mb": peak / 1024, "rows": rows, "numeric": str(kind)}
    print(json.dumps(found))


_OF_PROCESSES = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)

if __name__ == "__main__":
    main()
