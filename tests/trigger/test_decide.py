from __future__ import annotations

import bz2
import gzip
import io
import zipfile

import pytest

from infra_app.lambdas.trigger.decide import ACCEPTED, by_content, by_name, by_tags
from infra_app.lambdas.trigger.errors import ScanPending
from wires.object_ledger import ObjectStatus

LIMIT = 1000
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def zipped() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.csv", "a,b\n1,2\n")
    return target.getvalue()


@pytest.mark.parametrize(
    "key",
    ["a.csv", "data[1].csv", "_x.csv", ".x.csv", "Büro 1+2.csv", "a%20b.csv", "x:y.csv", "a//b",
     "/a.csv", "x..y.csv", "..x.csv", "no extension", "日本/表.csv", "a?b#c&d=e.csv"],
)  # fmt: skip
def test_unusual_keys_are_taken_as_they_are(key: str) -> None:
    assert by_name(key, 10, max_bytes=LIMIT) is ACCEPTED


@pytest.mark.parametrize(
    ("key", "size", "status", "reason"),
    [
        ("../up.csv", 10, ObjectStatus.REJECTED, "'..' segment"),
        ("a/../../b.csv", 10, ObjectStatus.REJECTED, "'..' segment"),
        ("a\\..\\b.csv", 10, ObjectStatus.REJECTED, "'..' segment"),
        ("..", 0, ObjectStatus.REJECTED, "'..' segment"),
        ("a\nb.csv", 10, ObjectStatus.REJECTED, "control characters"),
        ("a\0b.csv", 10, ObjectStatus.REJECTED, "control characters"),
        ("a\u202evsc.exe", 10, ObjectStatus.REJECTED, "reverse the reading direction"),
        ("orders/", 0, ObjectStatus.IGNORED, "folder marker"),
        ("orders/.DS_Store", 10, ObjectStatus.IGNORED, "operating system"),
        ("malware-protection-resource-validation-object", 1, ObjectStatus.IGNORED, "GuardDuty"),
        ("orders/a.csv", 0, ObjectStatus.EMPTY, "0 bytes"),
        ("orders/a.csv", 1001, ObjectStatus.REJECTED, "1,001 bytes, the limit is 1,000"),
    ],
)
def test_names_and_sizes_that_cannot_be_data_are_told(
    key: str, size: int, status: ObjectStatus, reason: str
) -> None:
    verdict = by_name(key, size, max_bytes=LIMIT)
    assert verdict.status is status
    assert reason in verdict.reason


@pytest.mark.parametrize(
    "head",
    [
        b"a,b\n1,2\n",
        b"MZ,PAR\n1,2\n",
        b"ORC,PAR1\n1,2\n",
        b"BZh,x\n1,2\n",
        b"a,b\n1,\0\n",
        "größe;ü\n".encode("latin-1"),
        "a,b\n1,2\n".encode("utf-16"),
        b"\xef\xbb\xbfa,b\n",
        b"[name],b\n1,2\n",
        b"{x,y\n1,2\n",
        gzip.compress(b"a,b\n1,2\n"),
        bz2.compress(b"a,b\n1,2\n"),
        b"\x28\xb5\x2f\xfd anything",
    ],
)
def test_text_is_accepted_in_any_encoding_and_compression(head: bytes) -> None:
    assert by_content("orders/a.csv", head) is ACCEPTED


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (PNG, "a PNG image"),
        (gzip.compress(PNG), "a PNG image inside gzip"),
        (zipped(), "a ZIP archive"),
        (gzip.compress(gzip.compress(b"a,b\n")), "compressed twice"),
        (b"MZ\x90\0\x03\0", "a Windows program"),
        (b"\x7fELF\x02\x01", "a Linux program"),
        (b"#!/bin/sh\nrm -rf\n", "a script"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"ORC\x0a\x03\x00\x00", "ORC"),
        (b"Obj\x01\x04", "Avro"),
        (b'{"a": 1}\n{"a": 2}\n', "JSON Lines"),
        (b'[\n {"a": 1}\n]', "JSON"),
        (b"<!DOCTYPE html><html>", "an HTML or XML document"),
        (bytes(range(256)) * 4, "binary data"),
    ],
)
def test_what_is_no_csv_is_rejected_by_its_content(head: bytes, name: str) -> None:
    verdict = by_content("orders/a.csv", head)
    assert verdict.status is ObjectStatus.REJECTED
    assert name in verdict.reason
    assert "expected CSV" in verdict.reason


@pytest.mark.parametrize(
    "head",
    [b"PAR1\x15\x04", b"ORC\x0a\x03\x00\x00", b"Obj\x01\x04", b'{"a": 1}\n', gzip.compress(b"[]")],
)
def test_other_formats_are_taken_below_the_folder_of_a_day(head: bytes) -> None:
    assert by_content("data/incoming/2026/01/15/orders/a", head) is ACCEPTED
    assert by_content("data/incoming/2026/orders/a", head).status is ObjectStatus.REJECTED
    assert by_content("data/incoming/2026/01/15/a", PNG).status is ObjectStatus.REJECTED


def test_a_malware_finding_is_final_and_a_required_scan_is_waited_for() -> None:
    found = {"GuardDutyMalwareScanStatus": "THREATS_FOUND"}
    clean = {"GuardDutyMalwareScanStatus": "NO_THREATS_FOUND"}
    assert by_tags(found, scan_required=False).status is ObjectStatus.REJECTED
    assert by_tags(clean, scan_required=True) is ACCEPTED
    assert by_tags({}, scan_required=False) is ACCEPTED
    with pytest.raises(ScanPending):
        by_tags({}, scan_required=True)
