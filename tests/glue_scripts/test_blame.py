"""With what a fault lies: an object, what it is allowed, or AWS; and what is done about each."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from fuzz.here import work_here
from lake.errors import OriginalGone, Unavailable
from lake.running import parallel_map
from lake.running.isolation import Blame, blame_for
from lake.store import client, put_file
from tests.aws import SmallAws
from tests.lakes import Lake
from wires.manifest import ObjectVersion

TEXT = "id,n\n1,a\n2,b\n"
BROKEN = "id,n\n1,a\n2\n3,c\n"
"""Of its three rows one belongs into quarantine."""
Answer = Callable[[str], str]
"""The error code that S3 or Glue has for a key or table; "" where it does what is asked."""


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetObject")


def gone() -> OriginalGone:
    made = OriginalGone("it does not exist any more")
    made.__cause__ = error("NoSuchVersion")
    return made


@pytest.mark.parametrize(
    ("raised", "blame"),
    [
        (ValueError("?"), Blame.ITEM),
        (gone(), Blame.ITEM),
        (error("AccessDenied"), Blame.DENIAL),
        (error("KMS.DisabledException"), Blame.DENIAL),
        (error("SlowDown"), Blame.AWS),
        (OSError(errno.ENOSPC, "No space left on device"), Blame.MACHINE),
        (OSError(errno.ENOENT, "No such file"), Blame.ITEM),
        (EndpointConnectionError(endpoint_url="http://s3"), Blame.AWS),
    ],
)
def test_a_fault_lies_with_what_caused_it(raised: Exception, blame: Blame) -> None:
    outer = RuntimeError("while it was read")
    outer.__cause__ = raised
    assert blame_for(raised) is blame_for(outer) is blame


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asks AWS again as often as usual, and sooner."""
    monkeypatch.setattr(parallel_map, "_PAUSES", (0.01, 0.02))


@pytest.fixture
def lake(aws: SmallAws) -> Lake:
    """Tasks run in this process, where answers of AWS can be other ones."""
    return Lake(aws, work_here())


def answering(service: str, operation: str, answer: Answer, name_of: Callable[[Any], str]) -> None:
    def before(params: Any, **_: Any) -> None:
        code = answer(name_of(params))
        if code:
            raise error(code)

    client(service).meta.events.register(f"before-call.{service}.{operation}", before)


def s3_answers(answer: Answer) -> None:
    answering("s3", "GetObject", answer, lambda params: params["url_path"])


def published(lake: Lake, version: ObjectVersion) -> bool:
    return lake.outcome(version) == ("published", 2, 2, 0)


def test_what_is_denied_for_one_object_costs_that_one_in_the_same_attempt(lake: Lake) -> None:
    secret, other = lake.upload("a/secret.csv", TEXT), lake.upload("a/other.csv", TEXT)
    s3_answers(lambda path: "AccessDenied" if "secret" in path else "")
    lake.process(secret, other)
    assert published(lake, other)
    assert lake.outcome(secret) == ("failed", 0, 0, 0)
    assert "AccessDenied" in lake.reason(secret)


def test_what_is_denied_for_all_is_tried_again(lake: Lake) -> None:
    versions = [lake.upload(f"a/{name}.csv", TEXT) for name in ("x", "y")]
    s3_answers(lambda path: "AccessDenied" if path.endswith(".csv") else "")
    with pytest.raises(Unavailable, match="AccessDenied"):
        lake.process(*versions)
    left = [lake.state.objects.get(version.key, version.version_id) for version in versions]
    assert [item["status"] for item in left] == ["pending"] * 2


def test_aws_that_is_busy_is_asked_again(lake: Lake) -> None:
    versions = [lake.upload(f"a/{name}.csv", TEXT) for name in ("x", "y")]
    answers = iter(["SlowDown"])
    s3_answers(lambda path: next(answers, "") if path.endswith("x.csv") else "")
    lake.process(*versions)
    assert next(answers, None) is None
    assert all(published(lake, version) for version in versions)


def test_where_quarantined_rows_are_refused_the_table_has_none_of_the_others(lake: Lake) -> None:
    """Their upload is `failed` then and may be tried again, in another load."""
    bad = lake.upload("bad/x.csv", "id,n\n1,a\n2\n3,c\n")
    good = lake.upload("good/x.csv", "id,n\n1,a\n2\n3,c\n")
    answering(
        "glue",
        "CreatePartition",
        lambda body: "InvalidInputException" if '"bad"' in body else "",
        lambda params: str(params["body"]),
    )
    lake.process(bad, good)
    assert lake.outcome(bad) == ("failed", 0, 0, 0)
    assert lake.tables() == ["good"]
    assert lake.outcome(good) == ("published", 3, 2, 1)


def test_a_table_that_the_catalog_never_takes_costs_its_own_objects_and_leaves_no_counts(
    lake: Lake,
) -> None:
    bad, good = lake.upload("bad/x.csv", TEXT), lake.upload("good/x.csv", TEXT)
    answering(
        "glue",
        "CreateTable",
        lambda body: "InvalidInputException" if '"bad"' in body else "",
        lambda params: str(params["body"]),
    )
    lake.process(bad, good)
    assert published(lake, good)
    assert lake.outcome(bad) == ("failed", 0, 0, 0)
    assert lake.reason(bad).startswith("the Glue catalog refuses the table")
    assert lake.tables() == ["good"]


@pytest.mark.parametrize("refused", ["CreateTable", "CreatePartition", "UpdateTable"])
def test_what_was_published_stays_so_whatever_is_refused_when_its_load_is_tried_again(
    lake: Lake, refused: str
) -> None:
    """A run that died after its publication is followed by one that has nothing left to do."""
    version = lake.upload("a/x.csv", BROKEN)
    load_id = lake.load(version)
    is_dead = [True]
    writes_answer(lambda path: "SlowDown" if is_dead[0] and "complete.json" in path else "")
    with pytest.raises(ClientError, match="SlowDown"):
        lake.run(load_id)
    assert lake.outcome(version) == ("published", 3, 2, 1)
    is_dead[0] = False
    answering("glue", refused, lambda _: "InvalidInputException", lambda _: "")
    lake.retry(load_id, 2)
    assert lake.outcome(version) == ("published", 3, 2, 1)
    assert lake.aws.announcements() == []


def writes_answer(answer: Answer) -> None:
    answering("s3", "PutObject", answer, lambda params: unquote(params["url_path"]))


def test_aws_that_does_not_take_quarantined_rows_is_tried_again_in_another_attempt(
    lake: Lake,
) -> None:
    versions = [lake.upload(f"a/{name}.csv", BROKEN) for name in ("x", "y")]
    is_out = [True]
    writes_answer(lambda path: "SlowDown" if is_out[0] and "quarantine/rows" in path else "")
    load_id = lake.load(*versions)
    with pytest.raises(Unavailable, match="SlowDown"):
        lake.run(load_id)
    is_out[0] = False
    lake.retry(load_id, 2)
    assert [lake.outcome(version) for version in versions] == [("published", 3, 2, 1)] * 2


def test_rows_that_cannot_be_put_aside_together_are_put_aside_file_by_file(lake: Lake) -> None:
    versions = [lake.upload(f"{key}.csv", BROKEN) for key in ("a/x", "a/y", "b/x")]
    answers = iter(["AccessDenied"])
    writes_answer(lambda path: next(answers, "") if "quarantine/rows/dataset=a/" in path else "")
    lake.process(*versions)
    assert next(answers, None) is None
    assert [lake.outcome(version) for version in versions] == [("published", 3, 2, 1)] * 3


def test_a_machine_without_room_on_its_disk_costs_no_object(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = lake.upload("a/x.csv", TEXT)
    is_full = [True]

    def put(path: Path, bucket: str, key: str) -> None:
        if is_full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        put_file(path, bucket, key)

    monkeypatch.setattr("lake.writing.conversion.put_file", put)
    load_id = lake.load(version)
    with pytest.raises(Unavailable, match="No space left"):
        lake.run(load_id)
    is_full[0] = False
    lake.retry(load_id, 2)
    assert published(lake, version)


def test_people_are_told_once_of_the_objects_of_a_load_that_failed(lake: Lake) -> None:
    secret, other = lake.upload("a/secret.csv", TEXT), lake.upload("a/other.csv", TEXT)
    s3_answers(lambda path: "AccessDenied" if "secret" in path else "")
    lake.process(secret, other)
    [alert] = lake.aws.announcements()
    assert alert["Subject"] == "Uploads failed"
    assert "a/secret.csv" in alert["Message"]
    assert "AccessDenied" in alert["Message"]
    assert "a/other.csv" not in alert["Message"]
