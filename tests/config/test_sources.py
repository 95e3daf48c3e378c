"""Files of config/sources/: what they say is checked, and told with field, value and rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from config.errors import SourceError, ValueRuleError
from config.jobs import SOURCES_FOLDER
from config.source_document import SourceDocument
from config.source_reference import PAGE, SECTIONS, source_reference
from config.sources import load_sources, source_of
from tests.connectors.sources import any_source, full_source
from wires.sources import CursorType, Mode, Repeats, source_from_json, source_to_json

EVENTS: Mapping[str, Any] = {
    "name": "events_api",
    "kind": "api",
    "dataset": "events",
    "secret": "events-api",
    "cursor": {"type": "timestamp", "field": "updated_at", "start": "2026-01-01"},
    "api": {
        "url": "https://api.example.com/v1/events",
        "records": "data.items",
        "since": "updated_after",
        "pagination": {"kind": "page", "parameter": "page"},
        "authentication": {"kind": "bearer"},
    },
}
Load = Callable[..., SourceDocument]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load one source, and contracts of datasets that have a key."""

    def write_and_load(content: Mapping[str, Any], **contracts: Mapping[str, Any]) -> Any:
        for name, contract in contracts.items():
            text = yaml.safe_dump({"name": name, **contract})
            (tmp_path / f"{name}.yaml").write_text(text)
        folder = tmp_path / "sources"
        folder.mkdir(exist_ok=True)
        (folder / "events_api.yaml").write_text(yaml.safe_dump(dict(content)))
        (document,) = load_sources(folder, tmp_path)
        return document

    return write_and_load


def test_nothing_is_fetched_as_shipped() -> None:
    assert load_sources() == ()
    assert SOURCES_FOLDER.is_dir()


def test_a_source_is_what_its_file_says(load: Load) -> None:
    source = source_of(load(EVENTS))
    assert (source.name, source.dataset, source.repeats) == ("events_api", "events", Repeats.BY_KEY)
    assert source.cursor is not None
    assert source.cursor.start == "2026-01-01T00:00:00.000000Z"
    assert source.cursor.type is CursorType.TIMESTAMP


@pytest.mark.parametrize("source", [any_source(), full_source()], ids=["incremental", "full"])
def test_a_source_reaches_its_job_unchanged(source: Any) -> None:
    assert source_from_json(source_to_json(source)) == source


def test_a_date_without_quotes_is_a_position(tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    text = """
name: a
kind: api
dataset: b
cursor: {type: date, field: day, start: 2026-01-01}
api: {url: https://api.example.com/v1/days, since: from, headers: {X-Version: 2}}
"""
    (folder / "a.yaml").write_text(text)
    (document,) = load_sources(folder, tmp_path)
    assert document.cursor is not None
    assert document.cursor.start == "2026-01-01"
    source = source_of(document)
    assert source.api is not None
    assert source.api.headers == (("X-Version", "2"),)
    assert source_from_json(source_to_json(source)) == source


def changed(**changes: Any) -> Mapping[str, Any]:
    return {**EVENTS, **changes}


def api(**changes: Any) -> Mapping[str, Any]:
    return changed(api={**EVENTS["api"], **changes})


def cursor(**changes: Any) -> Mapping[str, Any]:
    return changed(cursor={**EVENTS["cursor"], **changes})


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (changed(name="other"), "name is 'other': must be events_api, as the file is"),
        (changed(kind="ftp"), "kind is 'ftp': must be one of api"),
        (changed(dataset="Events"), "dataset is 'Events': must be lower snake case"),
        (changed(dataset="platform_check_x"), "the platform has this one"),
        ({**EVENTS, "secret": "a b"}, "secret is 'a b'"),
        (changed(schedule="hourly"), "schedule is 'hourly': must be empty, or six fields"),
        (changed(shedule=""), "shedule is '': this name is not known here; did you mean schedule?"),
        ({**api(since=""), "cursor": None}, "cursor is missing: needed where mode is incremental"),
        (
            changed(mode="full", repeats="keep"),
            "mode is 'full': must be incremental where there is a cursor",
        ),
        (cursor(type="time"), "cursor.type is 'time': must be one of timestamp, date"),
        (cursor(field=""), "cursor.field is '': needed"),
        (cursor(start="soon"), "cursor.start is 'soon': must be a position of type timestamp"),
        (cursor(type="integer", start="1", lag_seconds=5), "cursor.lag_seconds is 5: must be 0"),
        (cursor(type="date", window_seconds=3600), "cursor.window_seconds is 3600: must be whole"),
        (cursor(start="", window_seconds=3600), "needs cursor.start, where the first window"),
        (cursor(overlap=-1), "cursor.overlap is -1: must be at least 0"),
        (cursor(overlap=600), "repeats is 'by_key': cursor.overlap is not 0, so rows come again"),
        (changed(limits={"minutes": 0}), "limits.minutes is 0: must be at least 1"),
        (api(url="ftp://a/b"), "api.url is 'ftp://a/b': must be an address"),
        (api(url="http://a.example/b"), "must be https://, where nobody reads along"),
        (api(url="https://me:pw@a.example/b"), "api.url is 'https://me:pw@a.example/b': must be"),
        (api(headers={"Authorization": "x"}), "credentials are in the secret"),
        (api(parameters={"a": ["b"]}), "gives 'a' the value ['b'], expected text or a number"),
        (api(body={"a": 1}), "needs method: POST"),
        (api(networks=["10.0.0.1/8"]), "must be a list of networks"),
        (api(networks=["169.254.0.0/16"]), "must leave the addresses out"),
        (api(networks=["0.0.0.0/0"]), "must leave the addresses out"),
        (api(hosts=["https://x"]), "must be a list of hosts"),
        (api(pagination={"kind": "page"}), "api.pagination.parameter is '': needed for the kind"),
        (api(pagination={"kind": "cursor", "parameter": "c"}), "api.pagination.next is ''"),
        (api(pagination={"size": 5}), "goes together with pagination.size_parameter"),
        (
            api(pagination={"kind": "connection", "parameter": "after", "next": "data.x"}),
            "api.pagination.kind is 'connection': needs graphql",
        ),
        (api(authentication={}), "must be left out where api.authentication.kind is none"),
        (api(authentication={"kind": "key"}), "api.authentication.name is '': must be there"),
        (api(authentication={"kind": "oauth2"}), "api.authentication.token_url is ''"),
        (api(authentication={"kind": "basic", "place": "parameter"}), "is for the kind key"),
        (api(since=""), "needed, or each run would fetch everything"),
        (api(since_is_exclusive=True), "is for a cursor of type integer"),
        (api(validator="etag"), "must be etag or last_modified for an opaque cursor"),
        (api(limits={"attempts": 0}), "api.limits.attempts is 0: must be at least 1"),
        (api(limits={"attempt": 1}), "did you mean attempts?"),
    ],
)
def test_a_wrong_value_is_told_with_its_field_and_its_rule(
    load: Load, content: Mapping[str, Any], rule: str
) -> None:
    with pytest.raises(ValueRuleError) as error:
        load(content)
    assert "sources/events_api.yaml has 1 wrong value" in str(error.value)
    assert rule in str(error.value)


def test_rows_may_come_again_where_a_key_tells_which_counts(load: Load) -> None:
    keyed = {"primary_key": ["id"], "latest_by": ["updated_at"]}
    assert load(cursor(overlap=600), events=keyed).repeats is Repeats.BY_KEY
    assert load({**cursor(overlap=600), "repeats": "keep"}).repeats is Repeats.KEEP
    full = {name: value for name, value in api(since="").items() if name != "cursor"}
    assert load({**full, "mode": "full"}, events=keyed).mode is Mode.FULL


def test_a_cursor_that_only_the_source_understands_is_one_of_its_headers(load: Load) -> None:
    opaque = {**api(since="", validator="etag"), "cursor": {"type": "opaque"}}
    source = source_of(load(opaque))
    assert source.cursor is not None
    assert source.cursor.type is CursorType.OPAQUE
    with pytest.raises(ValueRuleError, match=r"cursor\.field is 'id': must be left out"):
        load({**opaque, "cursor": {"type": "opaque", "field": "id"}})


def test_a_secret_goes_with_a_login(load: Load) -> None:
    with pytest.raises(ValueRuleError, match="secret is '': needed for authentication of kind"):
        load({name: value for name, value in EVENTS.items() if name != "secret"})


def test_a_file_that_is_no_mapping_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- 1\n")
    with pytest.raises(SourceError, match="must hold a mapping"):
        load_sources(tmp_path, tmp_path / "none")


def test_the_page_is_made_of_the_definition() -> None:
    assert PAGE.read_text() == source_reference(), "run `make reference`"


@pytest.mark.parametrize("model", [model for _, _, model in SECTIONS])
def test_every_key_says_what_it_is_for(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        assert field.description, name
