"""Ids of constructs, from names of config."""

from __future__ import annotations

import re


def construct_id(name: str) -> str:
    """Return a name's words as one: `file_processor` and `file-processor` → `FileProcessor`.

    CloudFormation replaces what gets another id.
    """
    return "".join(word.capitalize() for word in re.split("[-_]", name))
