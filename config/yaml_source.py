"""Reads a YAML mapping, and refuses mistakes that YAML silently ignores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from config.errors import SourceError


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the mapping in the file `path`.

    Raises SourceError if the file is missing, is not YAML, is not a mapping with text keys at its
    top, or has a key twice (YAML would keep the last and drop the first).
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506 - derives from SafeLoader
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise SourceError(f"{path} must hold a mapping (`key: value` lines), not {_kind(content)}")
    return content


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that accepts only keys that are text and occur once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.YAMLError(f"key {key!r} {_place(key_node)} is not text: quote it")
            if key in seen:
                raise yaml.YAMLError(f"key {key!r} {_place(key_node)} is there twice")
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def _place(node: yaml.Node) -> str:
    return f"in line {node.start_mark.line + 1}"


def _kind(content: object) -> str:
    return "nothing" if content is None else f"a {type(content).__name__}"
