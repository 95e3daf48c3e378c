"""Recognizes text that is meant to be JSON, even broken, by its start or its name.

Broken JSON that is read as CSV becomes a table with a column called `id_1`. So these signs are
wide; whether the text really is JSON is decided by its reader, which gives the reason.
"""

from __future__ import annotations

import re

_NAMES = (".json", ".jsonl", ".ndjson", ".jsonlines", ".geojson")
_COMPRESSED = (".gz", ".gzip", ".bz2", ".zst", ".zstd")
_JUDGED_LINES = 20
_LINE_BYTES = 4096
_JSON_START = re.compile(
    rb"\s*(\{\s*(\"|\}|\Z)|\[\s*(\{|\[|\"|\]|\Z|(-?\d[\d.eE+-]*|true|false|null)\s*([,\]]|\Z)))"
)
_BRACE = re.compile(rb"\s*\{")
_CELLS = re.compile(
    rb"(?!\s*\{[^{}\n]*\}\s*(?:\n|\Z))\s*\{"
    rb"(?=[^\"':\n]*(?:\n|\Z))[^\w\n]*\w[^,;|\t\n]*[,;|\t]"
)
"""`{x,y`, or `{6F9619FF-8B86},x`: a brace in the cell of a table.

Each part ends where the next begins, so that a long line is not gone through again and again.
"""
_BRACKET = re.compile(rb"\s*\[")
_WORD_IN_BRACKETS = re.compile(
    rb"\s*\[(?!\s*(?:true|false|null|nan|none|undefined|-?infinity)\b)"
    rb"([A-Za-z_\x80-\xff][\w .\x80-\xff-]*|\d+([-/.])\w+\2[^\]\"'{},]*)\]\s*\S",
    re.IGNORECASE,
)
"""`[name],…` in a table, `[INFO]` or a date in a log."""
_COMMENTS = re.compile(
    rb"(?:\s*(?://[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z)|#[^\n]*(?:\n|\Z)))+", re.DOTALL
)
_OBJECT_LINE = re.compile(rb"\s*\{\s*(?:[\"']|\}|[A-Za-z_]\w*\s*:)")
_LOGGED_OBJECT = re.compile(
    rb"[^{\n]*[^\s{,;|\t\"'\n]\s*(?<![,;|\t\"'])\{\s*[\"'][^\"'].*\}[\s,;)]*\Z", re.DOTALL
)
"""An object after a time, a level or a function name, but not in a cell of its own."""


def name_says_json(name: str) -> bool:
    """Return whether the name ends like JSON, before an ending for compression if any."""
    name = name.lower()
    for ending in _COMPRESSED:
        name = name.removesuffix(ending)
    return name.endswith(_NAMES)


def start_says_json(head: bytes) -> bool:
    """Return whether the first bytes look like JSON."""
    comments = _COMMENTS.match(head)
    behind = head[comments.end() :] if comments else head
    if _JSON_START.match(head):
        return True
    if _BRACE.match(behind):
        return not _CELLS.match(behind)
    if _BRACKET.match(behind) and not _WORD_IN_BRACKETS.match(behind):
        return True
    return _lines_say_json(head)


def _lines_say_json(head: bytes) -> bool:
    """Return whether half of the first lines are objects, or end with one."""
    if b"{" not in head:
        return False
    lines = [line[:_LINE_BYTES] for line in head.split(b"\n", 4 * _JUDGED_LINES) if line.strip()]
    judged = lines[:_JUDGED_LINES]
    objects = sum(bool(_OBJECT_LINE.match(line)) for line in judged)
    logged = sum(bool(_LOGGED_OBJECT.match(line)) for line in judged)
    return bool(judged) and 2 * max(objects, logged) >= len(judged)
