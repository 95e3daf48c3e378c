"""The batch sample: joins three Popolo documents to a history of who held which seat, and when."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import boto3
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

from curation.days import Place, write_days
from curation.errors import ContractRefused
from curation.lineage import RefreshLineage
from curation.quarantine import QuarantinePlace, quarantine_rows
from curation.refresh import Counts, Refresh, day_writes, digest_of
from curation.tables import MadeTables
from lake.errors import AccountingError
from lake.publishing.events import lineage_run
from lake.publishing.quarantine_catalog import QuarantineCatalog
from lake.store import client
from wires.job_arguments import GlueRun, LegislatorsDefaults
from wires.layout import BY_DAY, QUARANTINED_ROWS, table_model
from wires.lineage import InputObject, OutputTable
from wires.manifest import ObjectVersion
from wires.quarantine import ROWS_TABLE
from wires.routes import LEGISLATORS_TABLE
from wires.run_ledger import RunLedger

TABLE = LEGISLATORS_TABLE
_LISTS = "array<map<string,string>>"
_DOCUMENTS = {
    "persons": f"id string, name string, given_name string, family_name string, gender string, "
    f"birth_date string, death_date string, image string, identifiers {_LISTS}, "
    f"contact_details {_LISTS}, links {_LISTS}, other_names {_LISTS}",
    "memberships": "person_id string, organization_id string, on_behalf_of_id string, "
    "area_id string, role string, legislative_period_id string, start_date string, "
    "end_date string",
    "organizations": f"id string, name string, classification string, type string, "
    f"seats bigint, identifiers {_LISTS}, links {_LISTS}, other_names {_LISTS}",
}
"""The fields of https://www.popoloproject.com/specs/ that the history contains."""
_BROKEN = "not_json"
_WHY = "broken"


@dataclass(frozen=True, kw_only=True)
class Legislators:
    """One run of the batch job."""

    settings: LegislatorsDefaults
    glue_run: GlueRun
    spark: SparkSession

    def publish(self) -> Counts:
        """Make the table from the current documents, in one step for its readers.

        Raises ContractRefused if a document is missing, AccountingError unless every membership is
        in the table or quarantined.
        """
        documents = {name: self._version(f"{name}.json") for name in _DOCUMENTS}
        refresh_id = digest_of({name: v.version_id for name, v in documents.items()})
        tables: Any = boto3.resource("dynamodb")
        counts = self._make(documents, refresh_id)
        facts = {"rows_in": counts.rows_in, "rows_published": counts.current}
        RunLedger(tables.Table(self.settings.runs_table)).record(
            self.glue_run.JOB_NAME,
            self.glue_run.JOB_RUN_ID,
            {**facts, "rows_quarantined": counts.quarantined},
        )
        return counts

    def _make(self, documents: Mapping[str, ObjectVersion], refresh_id: str) -> Counts:
        lineage = RefreshLineage.of(
            lineage_run(self.settings, self.glue_run),
            assets_bucket=self.settings.assets_bucket,
            model=table_model(TABLE),
            refresh_id=refresh_id,
            inputs=[
                InputObject(bucket=self.settings.raw_bucket, version=version)
                for version in documents.values()
            ],
        )
        with lineage.told() as outputs:
            frames = {name: self._read(name, version) for name, version in documents.items()}
            judged = joined(**frames)
            good = judged.where(f.size(_WHY) == 0).drop(_WHY, "raw", "document")
            refresh = self._written(good, refresh_id)
            strays = [_no_objects(frames[name], name) for name in ("persons", "organizations")]
            aside = self._quarantine([judged, *strays], documents, refresh_id)
            counts = Counts(
                rows_in=frames["memberships"].count() + sum(item.count() for item in strays),
                current=refresh.rows,
                quarantined=aside,
            )
            if counts.rows_in != counts.current + counts.quarantined:
                raise AccountingError(
                    f"{counts.rows_in} memberships and damaged lines came, {counts.current} are in "
                    f"the history and {counts.quarantined} were put aside"
                )
            outputs.append(self._show(replace(refresh, counts=counts)))
        return counts

    def _written(self, good: DataFrame, refresh_id: str) -> Refresh:
        columns = tuple((field.name, field.dataType.simpleString()) for field in good.schema)
        standing = self._tables.watermark(TABLE)
        ids = self._tables.field_ids(TABLE, columns, by_day=False)
        files = write_days(good, "", self._place(refresh_id), ids)
        return Refresh(
            model=table_model(TABLE),
            refresh_id=refresh_id,
            definition="",
            seen={},
            code_version=self.settings.code_version,
            made_at=datetime.now(UTC).isoformat(),
            table=TABLE,
            columns=columns,
            after=standing,
            days=day_writes(files, ()),
        )

    def _show(self, refresh: Refresh) -> OutputTable:
        snapshot = self._tables.publish(refresh, refresh.key, {})
        return OutputTable(
            region=self.settings.region,
            account=self.settings.account,
            database=self.settings.processed_database,
            table=TABLE,
            columns=refresh.columns,
            rows=refresh.rows,
            version=str(snapshot.snapshot_id),
        )

    @property
    def _tables(self) -> MadeTables:
        settings = self.settings
        return MadeTables.of(client("glue"), settings.processed_database, settings.processed_bucket)

    def _read(self, name: str, version: ObjectVersion) -> DataFrame:
        """Return the records of exactly this version: one object per line, or a JSON list."""
        answer = client("s3").get_object(
            Bucket=self.settings.raw_bucket, Key=version.key, VersionId=version.version_id
        )
        lines = [(line,) for line in _records(answer["Body"].read(), version.key)]
        schema = f"{_DOCUMENTS[name]}, {_BROKEN} string"
        how = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": _BROKEN}
        text = self.spark.createDataFrame(lines, "value string")
        return text.select(f.from_json("value", schema, how).alias("record")).select("record.*")

    def _version(self, file: str) -> ObjectVersion:
        key = f"{self.settings.source_prefix}{file}"
        try:
            head = client("s3").head_object(Bucket=self.settings.raw_bucket, Key=key)
        except client("s3").exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
                raise
            raise ContractRefused(
                f"s3://{self.settings.raw_bucket}/{key} is not there: the job needs persons.json, "
                f"memberships.json and organizations.json; upload all three, then start it again"
            ) from error
        if not head["ContentLength"]:
            raise ContractRefused(f"s3://{self.settings.raw_bucket}/{key} has 0 bytes")
        return ObjectVersion(
            key=key,
            version_id=head["VersionId"],
            size=int(head["ContentLength"]),
            uploaded_at=head["LastModified"].astimezone(UTC).isoformat(),
        )

    def _quarantine(
        self, judged: Sequence[DataFrame], documents: Mapping[str, ObjectVersion], refresh_id: str
    ) -> int:
        place = QuarantinePlace(
            bucket=self.settings.quality_bucket,
            dataset=TABLE,
            day=BY_DAY.values(documents["memberships"].uploaded_on),
            load=refresh_id,
            run=self._run,
            at=datetime.now(UTC).isoformat(),
            region=self.settings.region,
        )
        versions = f.create_map(
            *(f.lit(t) for v in documents.values() for t in (v.key, v.version_id))
        )
        told = reduce(
            DataFrame.unionByName,
            (rows.where(f.size(_WHY) > 0).select("document", _WHY, "raw") for rows in judged),
        )
        source = f.concat(f.lit(self.settings.source_prefix), "document", f.lit(".json"))
        told = told.select(
            source.alias("source_file"),
            versions[source].alias("version_id"),
            f.lit(refresh_id).alias("load_id"),
            "raw",
            f.col(_WHY).alias("broken"),
        )
        aside = quarantine_rows(told, place, because="")
        if aside:
            QuarantineCatalog(
                client("glue"),
                self.settings.quality_database,
                table=ROWS_TABLE,
                location=f"s3://{self.settings.quality_bucket}/{QUARANTINED_ROWS}",
            ).add_partition(place.values, f"s3://{place.bucket}/{place.prefix}")
        return aside

    def _place(self, refresh_id: str) -> Place:
        return Place(
            bucket=self.settings.processed_bucket,
            table=TABLE,
            run=f"{refresh_id}-{self._run}",
            region=self.settings.region,
        )

    @property
    def _run(self) -> str:
        return self.glue_run.JOB_RUN_ID[-12:]


def _records(body: bytes, key: str) -> Iterator[str]:
    """Yield each record as JSON text, from lines or from a JSON list.

    Raises ContractRefused for a list that is no JSON: nobody can say where its records are.
    """
    # A byte that is not UTF-8 becomes an escape that is invalid in JSON: its line is quarantined.
    text = body.decode("utf-8-sig", errors="backslashreplace")
    if not text.lstrip().startswith("["):
        yield from (line for line in text.split("\n") if line.strip())
        return
    try:
        records = json.loads(text)
    except ValueError as error:
        raise ContractRefused(f"{key} is a list that cannot be read: {error}") from error
    yield from (json.dumps(record, ensure_ascii=False) for record in records)


def joined(persons: DataFrame, memberships: DataFrame, organizations: DataFrame) -> DataFrame:
    """Return every membership once, with the fields of its person and its organization.

    `broken` says what is wrong with it, `raw` is its source text.
    """
    rows = memberships.join(_prefixed(persons, "person"), "person_id", "left").join(
        f.broadcast(_prefixed(organizations, "organization")), "organization_id", "left"
    )
    given = [name for name in memberships.columns if name != _BROKEN]
    raw = f.coalesce(_BROKEN, f.to_json(f.struct(*given)))
    dates = ("start_date", "end_date", "person_birth_date", "person_death_date")
    reasons = [
        f.when(f.col(_BROKEN).isNotNull(), f.lit("is no JSON object")),
        _names_nobody("person_id", "person_known"),
        _names_nobody("organization_id", "organization_known"),
        *(_no_date(name) for name in dates),
    ]
    found = {_WHY: f.array_compact(f.array(*reasons)), "raw": raw}
    judged = rows.withColumns({**found, "document": f.lit("memberships")})
    dated = reduce(lambda frame, name: frame.withColumn(name, _as_date(name)), dates, judged)
    return dated.drop(_BROKEN, "person_known", "organization_known")


def _no_objects(document: DataFrame, name: str) -> DataFrame:
    """Return the unreadable lines of the other documents."""
    reason = f.array(f.lit("is no JSON object"))
    lines = document.where(f.col(_BROKEN).isNotNull())
    return lines.select(
        f.lit(name).alias("document"), reason.alias(_WHY), f.col(_BROKEN).alias("raw")
    )


def _prefixed(document: DataFrame, name: str) -> DataFrame:
    """Return the fields of a document that others refer to by id; lists become JSON text."""
    kinds = dict(document.dtypes)
    columns = [
        (f.to_json(field) if kinds[field].startswith("array") else f.col(field)).alias(
            f"{name}_{field}"
        )
        for field in document.columns
        if field != _BROKEN
    ]
    once = document.where(f.col(_BROKEN).isNull()).dropDuplicates(["id"])
    return once.select(*columns, f.lit(True).alias(f"{name}_known"))


def _names_nobody(field: str, known: str) -> Column:
    there = f.coalesce(f.col(known), f.lit(False))
    shown = f.coalesce(f.col(field), f.lit("nothing"))
    return f.when(f.col(_BROKEN).isNull() & ~there, f.concat(f.lit(f"{field} names "), shown))


def _no_date(name: str) -> Column:
    is_wrong = (f.col(name) != "") & _as_date(name).isNull()
    return f.when(is_wrong, f.concat(f.lit(f"{name} is no date: "), f.col(name)))


def _as_date(name: str) -> Column:
    """Parse a date. Popolo also has dates of a year or a month: these become its first day."""
    padded = f.rpad(f.col(name), 10, "-01")
    is_one = f.col(name).rlike(r"^\d{4}(-\d{2}){0,2}$")
    return f.when(is_one, f.try_to_date(padded, "yyyy-MM-dd"))
