"""Reports and profiles as JSON and back. What comes back is equal to what went in.

Of a rule its text and place are kept alone: its syntax tree is read from that text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from dqdl import Place, parse_rule
from quality.outcomes import Outcome, Row
from quality.verdicts import Verdict
from quality_report.errors import NotAReport
from wires.errors import UnexpectedJson
from wires.typed_json import TypedJson

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class _KeptOutcome:
    text: str
    verdict: Verdict
    reason: str
    metrics: Mapping[str, float]
    place: Place
    sample: tuple[Row, ...]
    failing_rows: int | None


def encoded(value: object, *, schema: str) -> str:
    """Return the value as JSON; `schema` says what it is, and in which version."""
    plain = {"schema": schema, **_JSON.plain(value)}
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def decoded(kind: type[T], text: str, *, schema: str) -> T:
    """Return the value that `encoded` made this text of. Raises NotAReport for other texts."""
    try:
        plain = json.loads(text)
    except ValueError as error:
        raise NotAReport(f"expected JSON of '{schema}': {error}") from error
    found = plain.pop("schema", None) if isinstance(plain, dict) else None
    if found != schema:
        raise NotAReport(
            f"expected the schema '{schema}', got {found!r}: read it with the version of the "
            "code that wrote it"
        )
    try:
        return _JSON.read(kind, plain)
    except UnexpectedJson as error:
        raise NotAReport(str(error)) from error


def _kept(outcome: Outcome) -> Any:
    kept = {one.name: getattr(outcome, one.name) for one in fields(_KeptOutcome)}
    return TypedJson().plain(_KeptOutcome(**kept))


def _outcome(plain: object) -> Outcome:
    kept = TypedJson().read(_KeptOutcome, plain)
    return Outcome(
        rule=parse_rule(kept.text, kept.place),
        verdict=kept.verdict,
        reason=kept.reason,
        metrics=kept.metrics,
        row_level=kept.failing_rows is not None,
        failing_rows=kept.failing_rows,
        sample=kept.sample,
    )


_JSON = TypedJson({Outcome: (_kept, _outcome)})
