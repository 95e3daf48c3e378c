"""docs/dqdl.md says what is so."""

from __future__ import annotations

import re
from pathlib import Path

from dqdl import RuleType, parse
from dqdl.rule_types import REFUSED

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "dqdl.md").read_text(encoding="utf-8")


def test_the_ruleset_on_the_page_can_be_read() -> None:
    example = PAGE.split("```")[1]
    ruleset = parse(example, source="docs/dqdl.md")
    assert len(ruleset.rules) == 8
    assert ruleset.rules[0].labels == {"team": "orders"}


def test_the_page_has_every_type_of_rule() -> None:
    said = set(re.findall(r"[A-Z][A-Za-z]+", PAGE))
    assert {*RuleType, *REFUSED} <= said
