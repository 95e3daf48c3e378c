"""SQL over the catalog of an account: by Athena, whose result is read from S3 while it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
from sqlglot import expressions as exp

from operations.errors import OperationError, WrongUse
from operations.reading.answer import Answer, Limits
from operations.reading.catalog import Catalog
from operations.reading.objects import StoredObject, opened
from operations.reading.spelling import with_near_names
from operations.reading.statement import Statement, Use
from operations.table_reader import place_of

_BLOCK = 32 << 20
"""Bytes of the result that are parsed at once: more than Athena lets a row have."""
_PAUSES = (0.2, 0.5, 1.0, 2.0)
"""Seconds between looks at a query; the last one from then on."""
_LEAST_BILLED = 10 * 10**6
"""Bytes: https://aws.amazon.com/athena/pricing/"""
_NESTED = frozenset({"array", "map", "row"})
_TYPES: Mapping[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "real": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
"""Others are text in a result: varchar, char, json, uuid, times, timestamps with a zone."""


@dataclass(frozen=True, kw_only=True)
class AthenaReader:
    """Answers SQL about the tables of a catalog with the rights of whoever asks."""

    catalog: Catalog
    athena: Any
    workgroup: str
    limits: Limits
    say: Callable[[str], None]
    usd_per_tb: float

    @contextmanager
    def answer(self, statement: Statement, as_of: str = "") -> Iterator[Answer]:
        """Open an answer, whose rows are read in the block.

        The query is stopped if the time is over or the caller is interrupted. Raises WrongUse for
        tables, columns and states that are not there, OperationError for a query that fails.
        """
        tree = statement.led(lambda use: self._named(use, as_of))
        query = self._started(tree.sql("athena"))
        try:
            ended = self._ended(query)
        except BaseException:
            self.athena.stop_query_execution(QueryExecutionId=query)
            self.say(f"query {query} is stopped")
            raise
        self._check(ended, statement)
        self.say(self._cost(ended))
        yield self._result(query, ended).limited(self.limits.rows)

    def _named(self, use: Use, as_of: str) -> exp.Table:
        table = self.catalog.table(use.name)
        named = exp.table_(table.name, db=table.database, quoted=True)
        if use.at is not None:
            named.set("version", exp.Version(this=use.kind, kind="AS OF", expression=use.at.copy()))
        elif as_of and table.metadata_location:
            snapshot = self.catalog.snapshot(table, as_of).snapshot_id
            number = exp.Literal.number(snapshot)
            named.set("version", exp.Version(this="VERSION", kind="AS OF", expression=number))
        return named

    def _started(self, sql: str) -> str:
        try:
            answer = self.athena.start_query_execution(QueryString=sql, WorkGroup=self.workgroup)
        except self.athena.exceptions.InvalidRequestException as error:
            told = error.response["Error"].get("Message", "")
            raise WrongUse(
                f"expected Athena to take the query in workgroup {self.workgroup}, got: {told}. "
                "The infrastructure has one (docs/access.md); --workgroup names another"
            ) from error
        return str(answer["QueryExecutionId"])

    def _ended(self, query: str) -> Mapping[str, Any]:
        """Wait for the end of a query, and return what Athena says of it."""
        until = time.monotonic() + self.limits.seconds
        for look in range(10**9):
            found = self.athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]
            state = found["Status"]["State"]
            if state not in ("QUEUED", "RUNNING"):
                return dict(found)
            if time.monotonic() > until:
                raise OperationError(
                    f"expected an answer within {self.limits.seconds:g} seconds, the query is "
                    f"{state}: ask for less, or allow more with --timeout"
                )
            self._tell(look, state, found)
            time.sleep(_PAUSES[min(look, len(_PAUSES) - 1)])
        raise AssertionError("nobody waits that long")

    def _tell(self, look: int, state: str, found: Mapping[str, Any]) -> None:
        if look % 5 == 0:
            scanned = found.get("Statistics", {}).get("DataScannedInBytes", 0)
            self.say(f"query {found['QueryExecutionId']} is {state}, {size(scanned)} scanned")

    def _check(self, ended: Mapping[str, Any], statement: Statement) -> None:
        status = ended["Status"]
        if status["State"] == "SUCCEEDED":
            return
        used = [self.catalog.table(use.name) for use in statement.uses]
        columns = {table.full_name: table.all_columns for table in used}
        reason = str(status.get("StateChangeReason", "no reason"))
        told = with_near_names(reason, columns)
        kind = WrongUse if told != reason else OperationError
        raise kind(f"Athena's query is {status['State']}: {told}")

    def _cost(self, ended: Mapping[str, Any]) -> str:
        statistics = ended.get("Statistics", {})
        scanned = int(statistics.get("DataScannedInBytes", 0))
        usd = max(scanned, _LEAST_BILLED) / 1024**4 * self.usd_per_tb
        seconds = int(statistics.get("TotalExecutionTimeInMillis", 0)) / 1000
        return f"Athena took {seconds:.1f} s and scanned {size(scanned)}: about {usd:.6f} USD"

    def _result(self, query: str, ended: Mapping[str, Any]) -> Answer:
        first = self.athena.get_query_results(QueryExecutionId=query, MaxResults=1)
        columns = first["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        _check_flat(columns)
        bucket, key = place_of(ended["ResultConfiguration"]["OutputLocation"])
        length = int(self.catalog.s3.head_object(Bucket=bucket, Key=key)["ContentLength"])
        schema = pa.schema([(str(n), _type_of(one)) for n, one in enumerate(columns)])
        batches = _parsed(self.catalog.s3, StoredObject(bucket, key, length), columns, schema)
        names = [one["Name"] for one in columns]
        named = pa.schema(f.with_name(n) for f, n in zip(schema, names, strict=True))
        return Answer.of(named, batches)


def _parsed(
    s3: Any, item: StoredObject, columns: Sequence[Mapping[str, Any]], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a result: Athena quotes text, and leaves null empty without quotes."""
    bytes_like = [n for n, one in enumerate(columns) if one["Type"] == "varbinary"]
    read_as = {field.name: field.type for field in schema}
    read_as |= {str(n): pa.string() for n in bytes_like}
    with (
        opened(s3, item) as file,
        pacsv.open_csv(
            pa.PythonFile(file, "r"),
            read_options=pacsv.ReadOptions(
                column_names=schema.names,
                skip_rows_after_names=1,
                block_size=_BLOCK,
                use_threads=False,
            ),
            parse_options=pacsv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=pacsv.ConvertOptions(
                column_types=read_as,
                null_values=[""],
                true_values=["true"],
                false_values=["false"],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        ) as reader,
    ):
        for batch in reader:
            yield _with_bytes(batch, bytes_like, schema)


def _with_bytes(batch: pa.RecordBatch, places: Sequence[int], schema: pa.Schema) -> pa.RecordBatch:
    """Return a batch whose bytes are bytes: Athena writes them as `68 65`."""
    columns = list(batch.columns)
    for place in places:
        told = columns[place].to_pylist()
        found = [None if text is None else bytes.fromhex(text) for text in told]
        columns[place] = pa.array(found, pa.binary())
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _type_of(column: Mapping[str, Any]) -> pa.DataType:
    kind = column["Type"]
    if kind == "decimal":
        return pa.decimal128(int(column["Precision"]), int(column["Scale"]))
    if kind == "varbinary":
        return pa.binary()
    return _TYPES.get(kind, pa.string())


def _check_flat(columns: Sequence[Mapping[str, Any]]) -> None:
    """Raises WrongUse for lists, maps and rows: their text in a result cannot be read back."""
    nested = [one["Name"] for one in columns if one["Type"] in _NESTED]
    if nested:
        name = nested[0]
        raise WrongUse(
            f"expected columns of one value each, {', '.join(nested)} has several: ask for "
            f"json_format(CAST({name} AS JSON)), or for what is in it"
        )


def size(count: int) -> str:
    """Return a number of bytes for people."""
    amount = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
