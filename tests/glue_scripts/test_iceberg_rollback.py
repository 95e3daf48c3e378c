"""Going back to what a table was."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest
from pyiceberg.table.metadata import TableMetadataUtil

from iceberg.commits import Change, Committer
from iceberg.errors import ForeignDeletes, NoSuchSnapshot
from iceberg.rollback import ROLLED_BACK_TO, roll_back
from iceberg.types import columns_of, schema_for
from iceberg.watermarks import WATERMARK, watermark_of
from tests.aws import SmallAws
from tests.glue_scripts.iceberg_lake import COLUMNS, SmallLake, mark_deletions, row


@pytest.fixture
def lake(aws: SmallAws) -> SmallLake:
    made = SmallLake.of(aws.glue)
    made.made()
    return made


def snapshot(lake: SmallLake) -> str:
    found = lake.table.current_snapshot()
    assert found is not None
    return str(found.snapshot_id)


def ids(lake: SmallLake) -> list[int]:
    return [found[0] for found in lake.rows()]


def test_a_rollback_is_a_commit_and_loads_go_on_after_it(lake: SmallLake) -> None:
    lake.append("load-1", [lake.file("a", [row(1)])])
    good = snapshot(lake)
    lake.append("load-2", [lake.file("b", [row(2)])])
    wrong = snapshot(lake)
    done = roll_back(lake.database, lake.name, good)
    assert ids(lake) == [1]
    assert done.summary is not None
    assert done.summary.additional_properties[ROLLED_BACK_TO] == good
    lake.append("load-3", [lake.file("c", [row(3)])])
    assert ids(lake) == [1, 3]
    lake.append("load-2", [lake.file("b2", [row(2)])])
    assert ids(lake) == [1, 3], "what was in once is not brought back by trying again"
    roll_back(lake.database, lake.name, wrong)
    assert ids(lake) == [1, 2], "the way forward is open as well"


def test_a_moment_means_what_was_current_then(lake: SmallLake) -> None:
    lake.append("load-1", [lake.file("a", [row(1)])])
    time.sleep(0.05)
    then = datetime.now(UTC).isoformat()
    time.sleep(0.05)
    lake.append("load-2", [lake.file("b", [row(2)])])
    roll_back(lake.database, lake.name, then)
    assert ids(lake) == [1]


def test_columns_go_back_with_the_rows(lake: SmallLake) -> None:
    lake.append("load-1", [lake.file("a", [row(1)])])
    good = snapshot(lake)
    schema = schema_for(lake.table, [*COLUMNS, ("note", "string")])
    newer = lake.file("b", [{"id": 2, "note": "n"}], schema=schema)
    change = Change(added=[newer], schema=schema, summary={WATERMARK: "refresh-2"})
    Committer(lake.database.catalog).commit(lake.identifier, "load-2", lambda _: change)
    roll_back(lake.database, lake.name, good)
    assert columns_of(lake.table.schema()) == COLUMNS
    assert ids(lake) == [1]
    assert watermark_of(lake.table) == "refresh-2", "what it has taken in stays taken in"
    again = schema_for(lake.table, [*COLUMNS, ("memo", "string")])
    number = again.find_field("memo").field_id
    assert number > schema.find_field("note").field_id, "ids never come back for other values"


@pytest.mark.parametrize("to", ["12345", "2001-01-01T00:00:00+00:00", "yesterday"])
def test_what_is_not_kept_is_told(lake: SmallLake, to: str) -> None:
    lake.append("load-1", [lake.file("a", [row(1)])])
    with pytest.raises(NoSuchSnapshot, match=to[:10]):
        roll_back(lake.database, lake.name, to)
    assert ids(lake) == [1]


def test_the_way_back_leads_past_what_somebody_else_has_marked(lake: SmallLake) -> None:
    lake.append("load-1", [lake.file("a", [row(1)])])
    good = snapshot(lake)
    lake.append("load-2", [lake.file("b", [row(2)])])
    mark_deletions(lake.table)
    with pytest.raises(ForeignDeletes):
        lake.append("load-3", [lake.file("c", [row(3)])])
    roll_back(lake.database, lake.name, good)
    assert ids(lake) == [1]
    lake.append("load-3", [lake.file("c", [row(3)])])
    assert ids(lake) == [1, 3]


def test_what_others_merge_keeps_what_the_table_has_taken_in(lake: SmallLake) -> None:
    """Other engines' compaction carries no facts of ours on."""
    file = lake.file("a", [row(1)])
    committer = Committer(lake.database.catalog)
    committer.commit(
        lake.identifier, "r", lambda _: Change(added=[file], summary={WATERMARK: "key"})
    )
    merged = lake.file("b", [row(1)])
    committer.commit(
        lake.identifier, "m", lambda _: Change(added=[merged], removed=[file], same_rows=True)
    )
    told = json.loads(lake.table.metadata.model_dump_json())
    del told["snapshots"][-1]["summary"][WATERMARK]
    table = lake.table
    table.metadata = TableMetadataUtil.parse_obj(told)
    assert watermark_of(table) == "key"
    told["snapshots"][-1]["summary"]["operation"] = "overwrite"
    table.metadata = TableMetadataUtil.parse_obj(told)
    assert watermark_of(table) == "", "what replaces rows is no mere merge"


def test_narrow_whole_numbers_keep_their_ids(aws: SmallAws) -> None:
    lake = SmallLake.of(aws.glue)
    columns = [("s", "smallint"), ("t", "tinyint"), *COLUMNS]
    lake.made(columns)
    assert schema_for(lake.table, columns) == lake.table.schema()
