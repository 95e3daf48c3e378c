"""Builds the new days of a curated table: runs its SQL on current rows, writes counted files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql import types as t

from curation.affected_days import affected_days
from curation.days import Place, write_days
from curation.errors import ContractRefused, told
from curation.latest_rows import LatestRows
from curation.refresh import Refresh, Seen, StagedFile, day_writes, digest_of, refresh_id_of
from curation.tables import MadeTables
from curation.zone import ProcessedDataset
from quality.errors import SqlRefused
from quality.own_session import OwnSession
from quality.vetting import query
from wires.contracts import CuratedTable, DatasetContract
from wires.layout import BY_DAY, table_model

_TYPES = (
    t.BooleanType,
    t.ByteType,
    t.DateType,
    t.DecimalType,
    t.DoubleType,
    t.FloatType,
    t.IntegerType,
    t.LongType,
    t.ShortType,
    t.StringType,
    t.TimestampType,
)


_FORMAT = "iceberg"
"""Part of the digest, so that no days are added to refreshes from when tables were folders."""


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """The origin that a refresh records: run, code version, time and region."""

    run: str
    code_version: str
    made_at: str
    region: str


@dataclass(frozen=True, kw_only=True)
class TableBuild:
    """A curated table and all that it is built from."""

    spark: SparkSession
    table: CuratedTable
    contract: DatasetContract
    """The contract of the dataset that declares the table."""
    contracts: Mapping[str, DatasetContract]
    datasets: Mapping[str, ProcessedDataset]
    tables: MadeTables
    """Tables of the curated zone."""
    latest: Callable[[str], DataFrame]
    """The latest rows of a dataset that has a key."""
    stamp: Stamp

    @property
    def model(self) -> str:
        return table_model(self.table.table)

    @property
    def definition(self) -> str:
        """Digest of everything that a row of the table may depend on, except the data."""
        terms = [
            (
                c.primary_key,
                c.latest_by,
                c.deleted_when,
                [asdict(rule) for rule in c.rules],
                [asdict(reference) for reference in c.references],
                sorted({table.day for table in c.curated}),
                [
                    (column.name, column.type.glue)
                    for column in self.datasets[c.name].schema.columns
                ],
            )
            for c in (self.contracts[name] for name in self._inputs)
        ]
        return digest_of([_FORMAT, self.table.sql, self.table.day, self._inputs, terms])

    @property
    def seen(self) -> Seen:
        """All partitions of the inputs that exist now."""
        return {name: tuple(sorted(self.datasets[name].parts)) for name in self._inputs}

    @property
    def refresh_id(self) -> str:
        return refresh_id_of(self.model, self.definition, self.seen)

    def days_since(self, before: Refresh | None) -> set[date] | None:
        """Return the days to build again since `before`; None means all days."""
        if before is None or before.definition != self.definition or not self.table.day:
            return None
        if any(set(before.seen[name]) - self.datasets[name].parts for name in self._inputs):
            return None  # partitions are gone, and their days are unknown
        new = {name: self.datasets[name].parts - set(before.seen[name]) for name in self._inputs}
        return affected_days(self.table.day, self.contract.name, new, self.datasets, self._related)

    def make(self, before: Refresh | None) -> Refresh:
        """Write the days that are due, to folders of this run only.

        Raises ContractRefused for SQL or rules that do not fit the data.
        """
        self._check_day()
        standing = self.tables.watermark(self.table.table)
        if before is not None and not self.tables.stands(before):
            # Readers do not have what the ledger says: somebody may have dropped the table.
            before = None
        days = self.days_since(before)
        answer = self.answer(days)
        columns = _columns(answer, self.table)
        if days is not None and before is not None and columns != before.columns:
            return self.make(None)
        files = self._write(answer, days, columns)
        return Refresh(
            model=self.model,
            refresh_id=self.refresh_id,
            definition=self.definition,
            seen=self.seen,
            code_version=self.stamp.code_version,
            made_at=self.stamp.made_at,
            table=self.table.table,
            columns=columns,
            by_day=bool(self.table.day),
            after=standing,
            whole=days is None,
            days=day_writes(files, days or ()),
        )

    def answer(self, days: set[date] | None) -> DataFrame:
        """Return the result of the SQL, for these days of the table's dataset or for all days."""
        sql = self.table.sql or f"SELECT * FROM {self.contract.name}"  # noqa: S608 - a checked name
        try:
            known, read = query(self.spark, sql, partial(self._rows, days), self._inputs)
            return self._asked(known, read)
        except (SqlRefused, AnalysisException, ParseException) as error:
            source = self.table.source or self.table.table
            raise ContractRefused(f"{source}: {told(error)}") from error

    def _rows(self, days: set[date] | None, name: str) -> DataFrame:
        """Return the rows of a dataset that the SQL reads."""
        contract = self.contracts[name]
        has_rows = contract.primary_key and self.datasets[name].parts
        rows = self.latest(name) if has_rows else LatestRows(self.datasets[name], contract).rows()
        if name == self.contract.name and days is not None:
            return rows.where(f.col(self.table.day).isin(sorted(days)))
        return rows

    def _asked(self, sql: str, read: Mapping[str, DataFrame]) -> DataFrame:
        answer = OwnSession.beside(self.spark).answer(sql, read)
        return answer.toDF(*(name.lower() for name in answer.columns))

    def _write(
        self, answer: DataFrame, days: set[date] | None, columns: tuple[tuple[str, str], ...]
    ) -> dict[date | None, list[StagedFile]]:
        by_day = bool(self.table.day)
        place = Place(
            bucket=self.tables.bucket,
            table=self.table.table,
            run=f"{self.refresh_id}-{self.stamp.run}",
            region=self.stamp.region,
        )
        ids = self.tables.field_ids(self.table.table, columns, by_day=by_day)
        files = write_days(answer, self.table.day, place, ids)
        self._check_days(files, days)
        return files

    def _check_day(self) -> None:
        schema = self.datasets[self.contract.name].schema
        kind = next((c.type.glue for c in schema.columns if c.name == self.table.day), "missing")
        if self.table.day and kind != "date":
            raise ContractRefused(
                f"table {self.table.table} is to have the days of '{self.table.day}', which is "
                f"{kind} in dataset '{self.contract.name}': declare it as date in `columns`, or "
                "leave `day` out"
            )

    def _check_days(self, counts: Iterable[date | None], days: set[date] | None) -> None:
        """Raise ContractRefused for a day that was not asked for.

        Its rows would replace rows that were not read.
        """
        if not self.table.day:
            return
        strange = [day for day in counts if day is None or (days is not None and day not in days)]
        if strange:
            raise ContractRefused(
                f"{self.table.source}: gives rows with {self.table.day} {strange[0]}, which is "
                f"not a day of the rows of '{self.contract.name}' that it was asked for: pass "
                f"that dataset's {self.table.day} on as it is, or leave `day` out of the contract"
            )

    @property
    def _related(self) -> Mapping[str, DatasetContract]:
        """Contracts of the datasets that the SQL reads, and of those that they refer to.

        Rows of two datasets may be related through a third, even if the SQL does not read it.
        """
        referred = {
            reference.dataset
            for name in self._inputs
            for reference in self.contracts[name].references
        }
        known = [name for name in referred if name in self.datasets and name in self.contracts]
        return {name: self.contracts[name] for name in sorted({*self._inputs, *known})}

    @property
    def _inputs(self) -> tuple[str, ...]:
        return tuple(sorted({self.contract.name, *self.table.uses}))


def _columns(answer: DataFrame, table: CuratedTable) -> tuple[tuple[str, str], ...]:
    source = table.source or table.table
    for field in answer.schema.fields:
        if not isinstance(field.dataType, _TYPES):
            raise ContractRefused(
                f"{source}: column '{field.name}' is {field.dataType.simpleString()}, expected a "
                "plain type: cast it, or take it apart"
            )
    names = [field.name for field in answer.schema.fields]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ContractRefused(f"{source}: gives column '{min(twice)}' twice: name them apart")
    taken = [name for name in names if name in BY_DAY.columns]
    if table.day and taken:
        raise ContractRefused(
            f"{source}: column '{taken[0]}' has the name of a partition key: give it another"
        )
    if table.day and not isinstance(_type_of(answer, table.day), t.DateType):
        raise ContractRefused(
            f"{source}: gives no date column '{table.day}', by which the table is partitioned; "
            f"it gives {', '.join(names)}"
        )
    return tuple((field.name, field.dataType.simpleString()) for field in answer.schema)


def _type_of(answer: DataFrame, name: str) -> t.DataType | None:
    return next((field.dataType for field in answer.schema if field.name == name), None)
