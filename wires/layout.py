"""Keys of objects in each bucket, and keys of items in the state table.

Each is spelled only here: writers, readers and grants use this module. The rules for names of
uploads are in `wires/routes.py`, physical names of buckets and tables in `config/naming.py`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

# Tables: processed and curated buckets

Values = tuple[str, ...]
"""Values of a table's partition columns, as in folder names; empty if it has none."""


@dataclass(frozen=True)
class Partitioning:
    """Partitions of a table by time: identity partitions of text columns, coarse to fine."""

    units: tuple[tuple[str, str], ...]
    """Name of each column, and the `strftime` format of its value."""

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.units)

    def values(self, at: date) -> Values:
        """Return the values of a moment; finer partitions than a day need a datetime in UTC."""
        return tuple(at.strftime(spelling) for _, spelling in self.units)

    def folder(self, values: Values) -> str:
        """Return the folder below the table's, `year=2026/month=01/day=31/`; "" without values."""
        named = zip(self.columns, values, strict=True) if values else ()
        return "".join(f"{name}={value}/" for name, value in named)


BY_DAY = Partitioning((("year", "%Y"), ("month", "%m"), ("day", "%d")))
"""Every partitioned table has these: the day of upload, or a day that a contract names."""


_LOAD_FOLDER = "load="
_REFRESH_FOLDER = "refresh="
_COMPACTED_FOLDER = "compacted="
_METADATA = "/metadata/"
_IN_LOAD_FOLDER = re.compile(f"/{_LOAD_FOLDER}([^/]+)/")


def load_folder(dataset: str, values: Values, load_id: str) -> str:
    """Return `orders/year=2026/month=01/day=31/load=…/`, for the files of a load."""
    return f"{dataset}/{BY_DAY.folder(values)}{_LOAD_FOLDER}{load_id}/"


def load_of(location: str) -> str:
    """Return the load whose folder contains a file; "" if it is in no load's folder."""
    found = _IN_LOAD_FOLDER.search(location)
    return found[1] if found else ""


def refresh_files_folder(table: str, values: Values, run: str) -> str:
    """Return `daily_sales/year=2026/month=01/day=31/refresh=…/`, for files of a refresh."""
    return f"{table}/{BY_DAY.folder(values)}{_REFRESH_FOLDER}{run}/"


def compacted_folder(table_folder: str, values: Values, run: str) -> str:
    """Return `…/year=2026/month=01/day=31/compacted=…/`, for files that maintenance has merged."""
    return f"{table_folder}{BY_DAY.folder(values)}{_COMPACTED_FOLDER}{run}/"


def table_folder(table: str) -> str:
    """Return the folder of a table, which contains nothing else."""
    return f"{table}/"


def staged_name(table: str, refresh_id: str) -> str:
    """Return the name in lineage of a refresh's files before they are published."""
    return f"{table}/{_REFRESH_FOLDER}{refresh_id}"


def metadata_folder(location: str) -> str:
    """Return the metadata folder of an Iceberg table at a location."""
    return f"{location}{_METADATA}"


FILES_OF_LOADS = f"*/{_LOAD_FOLDER}*/*"
"""Pattern of every file that a load has written."""
TABLE_METADATA = f"*{_METADATA}*"
"""Pattern of the metadata files of Iceberg tables."""
SUPERSEDED = {"TagSet": [{"Key": "lake-state", "Value": "superseded"}]}
"""Objects with this tag are no longer in any table; the bucket's lifecycle removes them."""

# Quality bucket

QUARANTINE = "quarantine/"
QUARANTINED_OBJECTS = f"{QUARANTINE}objects/"
"""Refused objects, each with its reason beside it."""
QUARANTINED_ROWS = f"{QUARANTINE}rows/"
"""Quarantined rows, as a table of folders."""
QUARANTINED_RECORDS = f"{QUARANTINE}records/"
"""Records of streams that are no rows, each with its reason, by source and day."""
QUARANTINE_KEYS = ("dataset", *BY_DAY.columns, "load")
"""Partition columns of that table; `load` is the id of a load or of a refresh."""
_REPORTS = "reports/"
QUALITY_HISTORY = "history/"
"""The tables of the history of quality."""
QUALITY_RECORDS = (_REPORTS, QUALITY_HISTORY)
"""Folders of what quality checks keep."""
QUALITY_TABLES = "quality_*"
"""Pattern of the names of the history's tables."""


def quarantined_object(key: str, version_id: str, uploaded_on: datetime) -> str:
    """Return the key for a refused object, which never is the uploader's path as it came."""
    readable = re.sub(r"[^A-Za-z0-9._-]+|\.\.+", "_", key).strip("._")[-80:]
    digest = hashlib.sha256(f"{key}\0{version_id}".encode()).hexdigest()[:12]
    return f"{QUARANTINED_OBJECTS}{uploaded_on:%Y/%m/%d}/{digest}-{readable or 'object'}"


def quarantined_records(source: str) -> str:
    """Return the folder of all records of a source that were quarantined."""
    return f"{QUARANTINED_RECORDS}{source}/"


def quarantined_record(source: str, line: str, sequence: str, came_on: datetime) -> str:
    """Return the key for a record, which its place in the stream alone decides."""
    digest = hashlib.sha256(f"{line}\0{sequence}".encode()).hexdigest()[:16]
    readable = re.sub(r"[^A-Za-z0-9._-]+", "_", f"{line}-{sequence}")[-120:]
    return f"{quarantined_records(source)}{came_on:%Y/%m/%d}/{digest}-{readable}.json"


def quarantined_rows_folder(dataset: str, values: Values, load: str) -> str:
    named = zip(QUARANTINE_KEYS, (dataset, *values, load), strict=True)
    return QUARANTINED_ROWS + "".join(f"{name}={value}/" for name, value in named)


def quarantined_rows_of_dataset(dataset: str) -> str:
    """Return the folder of all rows of a dataset that were quarantined."""
    return f"{QUARANTINED_ROWS}{QUARANTINE_KEYS[0]}={dataset}/"


def quarantined_rows_of(load_id: str) -> str:
    """Return the pattern of all rows that one load has quarantined."""
    return f"{QUARANTINED_ROWS}*/{_LOAD_FOLDER}{load_id}/*"


def reports(model: str = "") -> str:
    """Return the folder of the reports of a table or dataset, or of all."""
    return f"{_REPORTS}{model}/" if model else _REPORTS


def report_folder(model: str, at: datetime, run_id: str) -> str:
    return f"{reports(model)}{at:%Y/%m/%d}/{run_id}/"


def history_folder(table: str, model: str = "") -> str:
    """Return the folder of a table of quality history, or of its files about one model."""
    return f"{QUALITY_HISTORY}{table}/{model}/" if model else f"{QUALITY_HISTORY}{table}/"


# Assets bucket

LOADS = "loads/"
"""Manifest, commits and lineage of each load."""
REFRESHES = "refreshes/"
"""Staged refreshes of curated tables and datasets, and their lineage."""
_COMMIT = "/commit.json"


def load_records(load_id: str) -> str:
    """Return the folder of all records of a load."""
    return f"{LOADS}{load_id}/"


def manifest_key(load_id: str) -> str:
    return f"{load_records(load_id)}manifest.json"


def commit_key(load_id: str, attempt: str) -> str:
    """Return the key of the record of everything that an attempt is going to publish."""
    return f"{load_records(load_id)}{attempt}{_COMMIT}"


def is_commit(key: str) -> bool:
    """Whether a key in the assets bucket is one of `commit_key`."""
    return key.startswith(LOADS) and key.endswith(_COMMIT)


def load_lineage_key(load_id: str, attempt: str, kind: str) -> str:
    """Return the key of an event of a load's run."""
    return f"{load_records(load_id)}{attempt}/lineage/{kind.lower()}.json"


def table_model(table: str) -> str:
    """Return the model of a curated table, as refreshes and the history of quality call it."""
    return f"table/{table}"


def dataset_model(dataset: str) -> str:
    """Return the model of a dataset, whose rows are judged as its latest ones."""
    return f"dataset/{dataset}"


def refresh_records(model: str, refresh_id: str) -> str:
    """Return the folder of all records of a refresh."""
    return f"{REFRESHES}{model}/{refresh_id}/"


def model_of(refresh_key: str) -> str:
    """Return the model of the refresh whose record has this key; "" for none."""
    return refresh_key.removeprefix(REFRESHES).rsplit("/", 2)[0]


def refresh_lineage_key(folder: str, job: str, kind: str) -> str:
    """Return the key of a job's event, beside the refresh of a table."""
    return f"{folder}lineage/{job}/{kind.lower()}.json"


FETCHED = "fetched/"
"""What connectors have fetched and not landed yet, by source."""


def staged_sources(source: str) -> str:
    """Return the folder of everything that is staged of a source."""
    return f"{FETCHED}{source}/"


def staged_stream(source: str, stream: str) -> str:
    """Return the folder of one stream of a source, whose name may have any characters."""
    digest = hashlib.sha256(stream.encode()).hexdigest()[:12]
    return f"{staged_sources(source)}{digest}/"


def staged_landing(source: str, stream: str, number: int) -> str:
    """Return the folder of one landing, with a folder for each attempt at it.

    Those of later landings come later in the alphabet.
    """
    return f"{staged_stream(source, stream)}{number:09d}/"


def staged_landing_of_messages(source: str, landing: str) -> str:
    """Return the key of the file that a landing of messages has staged."""
    return f"{staged_sources(source)}{landing}"


def staged_keys_of(source: str, stream: str) -> str:
    """Return the folder with the keys of rows, by which it is told which ones have gone."""
    digest = hashlib.sha256(stream.encode()).hexdigest()[:12]
    return f"{staged_sources(source)}keys-{digest}/"


def staged_keys(source: str, stream: str, number: int) -> str:
    """Return the folder with the keys of a landing's rows, with one for each attempt at it."""
    return f"{staged_keys_of(source, stream)}{number:09d}/"


def staged_file(attempt: str, part: int) -> str:
    """Return the key of a file in the folder of an attempt."""
    return f"{attempt}{part:06d}"


def landing_manifest(attempt: str) -> str:
    """Return the key of what an attempt is about to land."""
    return f"{attempt}manifest.json"


# State table: jobs and trigger coordinate by it. Several kinds of items are told apart by the
# beginning of `pk`, by which roles are limited; the access patterns are in docs/state.md.

PARTITION_KEY, SORT_KEY = "pk", "sk"

ItemKey = Mapping[str, str]


def _item(pk: str, sk: str) -> ItemKey:
    return {PARTITION_KEY: pk, SORT_KEY: sk}


REFRESH_STATES = "refresh"
"""State of each curated table and dataset, read one by one or all at once."""
DATASET_OWNERS = "dataset#"
"""The owner of each dataset name."""
_LEASES = "lease#"
DISPATCHER = "dispatcher"
DISPATCHER_LEASE = f"{_LEASES}{DISPATCHER}"
WORKFLOW_STATES = "workflow#"
CHECKS = "checks"
"""Health checks of which something may be left."""
FINDINGS = "findings"
"""What people have been told that reconciliation has found."""
START_STATES = "starts#"
"""What keeps the dispatcher from starting runs of a job."""
SOURCE_STATES = "source#"
"""How far each source has been fetched, and what is about to land."""
_PUBLISHER = "publisher#"
PUBLISHER_LEASES = f"{_LEASES}{_PUBLISHER}"
"""Leases on the tables of each dataset."""


def refresh_state(model: str) -> ItemKey:
    return _item(REFRESH_STATES, model)


def dataset_owner(dataset: str) -> ItemKey:
    return _item(f"{DATASET_OWNERS}{dataset}", "owner")


def lease(name: str) -> ItemKey:
    return _item(f"{_LEASES}{name}", "lease")


def publisher(dataset: str) -> str:
    """Return the name of the lease for changing the tables of `dataset`."""
    return f"{_PUBLISHER}{dataset}"


def workflow_state(workflow: str) -> ItemKey:
    return _item(f"{WORKFLOW_STATES}{workflow}", "state")


def start_state(job: str) -> ItemKey:
    return _item(f"{START_STATES}{job}", "state")


def check_note(dataset: str) -> ItemKey:
    return _item(CHECKS, dataset)


def source_states(source: str) -> str:
    """Return the partition key of everything that is known of a source."""
    return f"{SOURCE_STATES}{source}"


def source_state(source: str, stream: str) -> ItemKey:
    return _item(source_states(source), stream)


def source_turn(source: str, stream: str) -> str:
    """Return the name of the lease for fetching one stream of a source."""
    return f"{SOURCE_STATES}{source}#{stream}"


def source_leases(source: str) -> str:
    """Return the pattern of the partition keys of a source's leases."""
    return f"{_LEASES}{SOURCE_STATES}{source}#*"


def told_findings() -> ItemKey:
    return _item(FINDINGS, "told")


_MESSAGES = "message#"
"""Messages of queues, each with a partition of its own: there are many at once."""


def message_claim(source: str, message: str) -> ItemKey:
    """Return the item that says which landing has a message of a source's queue."""
    return _item(f"{_MESSAGES}{source}#{message}", "claim")


def message_claims(source: str) -> str:
    """Return the pattern of the partition keys of a source's messages."""
    return f"{_MESSAGES}{source}#*"


# Objects table: beside an object's versions


def content_claim(key: str, digest: str) -> ItemKey:
    """Return the item that says which version of a key first had some content."""
    return {"key": key, "version_id": f"content#{digest}"}
