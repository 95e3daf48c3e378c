"""Where everything lies: keys of objects in each bucket, and keys of items in the state table.

The one spelling of each: writers, readers and grants take it from here. What an upload may be
called is in `wires/lanes.py`, physical names of buckets and tables in `config/naming.py`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

# Tables: processed and curated buckets

Values = tuple[str, ...]
"""Values of a table's partition columns, as folders spell them; empty where it has none."""


@dataclass(frozen=True)
class Partitioning:
    """How a table is divided by time: identity partitions of text columns, from coarse to fine."""

    units: tuple[tuple[str, str], ...]
    """Name of each column, and how `strftime` spells its value."""

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.units)

    def values(self, at: date) -> Values:
        """Those of a moment, which for partitions finer than a day is a datetime in UTC."""
        return tuple(at.strftime(spelling) for _, spelling in self.units)

    def folder(self, values: Values) -> str:
        """Below a table's: `year=2026/month=01/day=31/`; "" for a table without partitions."""
        named = zip(self.columns, values, strict=True) if values else ()
        return "".join(f"{name}={value}/" for name, value in named)


BY_DAY = Partitioning((("year", "%Y"), ("month", "%m"), ("day", "%d")))
"""Of every table that is partitioned: it is the day of upload, or the day that a contract names."""


_LOAD_FOLDER = "load="
_REFRESH_FOLDER = "refresh="
_METADATA = "/metadata/"
_IN_LOAD_FOLDER = re.compile(f"/{_LOAD_FOLDER}([^/]+)/")


def load_folder(dataset: str, values: Values, load_id: str) -> str:
    """`orders/year=2026/month=01/day=31/load=…/`: files that a load has written."""
    return f"{dataset}/{BY_DAY.folder(values)}{_LOAD_FOLDER}{load_id}/"


def load_of(location: str) -> str:
    """The load whose folder a file lies in; "" for files of others."""
    found = _IN_LOAD_FOLDER.search(location)
    return found[1] if found else ""


def refresh_files_folder(table: str, values: Values, run: str) -> str:
    """`daily_sales/year=2026/month=01/day=31/refresh=…/`: files that a run has made of tables."""
    return f"{table}/{BY_DAY.folder(values)}{_REFRESH_FOLDER}{run}/"


def table_folder(table: str) -> str:
    """All of a table, which is alone there."""
    return f"{table}/"


def staged_name(table: str, refresh_id: str) -> str:
    """What lineage calls the files of a refresh before readers have them."""
    return f"{table}/{_REFRESH_FOLDER}{refresh_id}"


def metadata_folder(location: str) -> str:
    """Of an Iceberg table, below its location."""
    return f"{location}{_METADATA}"


FILES_OF_LOADS = f"*/{_LOAD_FOLDER}*/*"
"""Pattern of every file that a load has written."""
TABLE_METADATA = f"*{_METADATA}*"
"""Pattern of what Iceberg tables consist of beside their data."""

# Quality bucket

QUARANTINE = "quarantine/"
QUARANTINED_OBJECTS = f"{QUARANTINE}objects/"
"""Objects that were refused, each with its reason beside it."""
QUARANTINED_ROWS = f"{QUARANTINE}rows/"
"""Rows that were split off, a table of folders."""
QUARANTINE_KEYS = ("dataset", *BY_DAY.columns, "load")
"""Partition columns of that table. `load` is a load's id, or a refresh's."""
_REPORTS = "reports/"
_HISTORY = "history/"


def quarantined_object(key: str, version_id: str, uploaded_on: datetime) -> str:
    """Never the uploader's path as it came."""
    readable = re.sub(r"[^A-Za-z0-9._-]+|\.\.+", "_", key).strip("._")[-80:]
    digest = hashlib.sha256(f"{key}\0{version_id}".encode()).hexdigest()[:12]
    return f"{QUARANTINED_OBJECTS}{uploaded_on:%Y/%m/%d}/{digest}-{readable or 'object'}"


def quarantined_rows_folder(dataset: str, values: Values, load: str) -> str:
    named = zip(QUARANTINE_KEYS, (dataset, *values, load), strict=True)
    return QUARANTINED_ROWS + "".join(f"{name}={value}/" for name, value in named)


def quarantined_rows_of(load_id: str) -> str:
    """Pattern of all rows that one load has split off."""
    return f"{QUARANTINED_ROWS}*/{_LOAD_FOLDER}{load_id}/*"


def reports(unit: str = "") -> str:
    """Reports of a table or dataset, or of all."""
    return f"{_REPORTS}{unit}/" if unit else _REPORTS


def report_folder(unit: str, at: datetime, run_id: str) -> str:
    return f"{reports(unit)}{at:%Y/%m/%d}/{run_id}/"


def history_folder(table: str, unit: str = "") -> str:
    """Of a table of quality history, or of its files about one unit."""
    return f"{_HISTORY}{table}/{unit}/" if unit else f"{_HISTORY}{table}/"


# Assets bucket

LOADS = "loads/"
"""Manifest, commits and lineage of each load."""
REFRESHES = "refreshes/"
"""What is staged for a curated table or a dataset, and its lineage."""


def load_records(load_id: str) -> str:
    """Folder of all that is recorded of a load."""
    return f"{LOADS}{load_id}/"


def manifest_key(load_id: str) -> str:
    return f"{load_records(load_id)}manifest.json"


def commit_key(load_id: str, attempt: str) -> str:
    """Of what an attempt is going to publish."""
    return f"{load_records(load_id)}{attempt}/commit.json"


def load_lineage_key(load_id: str, attempt: str, kind: str) -> str:
    """Of an event of a load's run."""
    return f"{load_records(load_id)}{attempt}/lineage/{kind.lower()}.json"


def refresh_records(unit: str, refresh_id: str) -> str:
    """Folder of all that is recorded of a refresh."""
    return f"{REFRESHES}{unit}/{refresh_id}/"


def unit_of(refresh_key: str) -> str:
    """The unit of the refresh whose record has this key; "" for none."""
    return refresh_key.removeprefix(REFRESHES).rsplit("/", 2)[0]


def refresh_lineage_key(folder: str, job: str, kind: str) -> str:
    """Of a job's event, beside the refresh of a table."""
    return f"{folder}lineage/{job}/{kind.lower()}.json"


# State table: what jobs and trigger coordinate by. One table for several kinds of items, told apart
# by the beginning of `pk`, which roles are limited to; the access patterns are in docs/state.md.

PARTITION_KEY, SORT_KEY = "pk", "sk"

ItemKey = Mapping[str, str]


def _item(pk: str, sk: str) -> ItemKey:
    return {PARTITION_KEY: pk, SORT_KEY: sk}


REFRESH_STATES = "refresh"
"""Where each curated table and dataset stands: read one by one, and all at once."""
DATASET_OWNERS = "dataset#"
"""Whom each name of a dataset belongs to."""
_LEASES = "lease#"
DISPATCHER = "dispatcher"
_PUBLISHER = "publisher#"
PUBLISHER_LEASES = f"{_LEASES}{_PUBLISHER}"
"""Turns at the tables of each dataset."""


def refresh_state(unit: str) -> ItemKey:
    return _item(REFRESH_STATES, unit)


def dataset_owner(dataset: str) -> ItemKey:
    return _item(f"{DATASET_OWNERS}{dataset}", "owner")


def lease(name: str) -> ItemKey:
    return _item(f"{_LEASES}{name}", "lease")


def publisher(dataset: str) -> str:
    """Name of the lease under which the tables of `dataset` are changed."""
    return f"{_PUBLISHER}{dataset}"


def workflow_state(workflow: str) -> ItemKey:
    return _item(f"workflow#{workflow}", "state")


# Objects table: beside an object's versions


def content_claim(key: str, digest: str) -> ItemKey:
    """Which version of a key was the first with some content."""
    return {"key": key, "version_id": f"content#{digest}"}
