"""Groups objects into tables by their keys. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from local_cloud.errors import CatalogError


@dataclass(kw_only=True)
class FoundTable:
    """A folder whose objects make a table."""

    name: str
    location: str
    keys: list[str] = field(default_factory=list)
    partitions: dict[tuple[tuple[str, str], ...], str] = field(default_factory=dict)
    """Location of each partition, by its keys and values."""

    @property
    def partition_keys(self) -> list[str]:
        """Names of the partition keys. Raises CatalogError if they are not the same everywhere."""
        layouts = {tuple(name for name, _ in pairs) for pairs in self.partitions}
        if len(layouts) > 1:
            raise CatalogError(
                f"{self.location} has folders of several layouts: "
                f"{'; '.join(sorted('/'.join(layout) or 'none' for layout in layouts))}. "
                "Expected the same partition keys for each object"
            )
        return list(next(iter(layouts), ()))


def tables_in(bucket: str, prefix: str, keys: Iterable[str]) -> list[FoundTable]:
    """Return a table for each first folder below the prefix, and one for objects in no folder.

    A first folder `key=value` is a partition of the table that the target itself is. Folders
    below a table are its partitions: `key=value`, or `partition_0` and so on by their level.
    https://docs.aws.amazon.com/glue/latest/dg/crawler-s3-folder-table-partition.html
    """
    tables: dict[str, FoundTable] = {}
    for key in keys:
        first, slash, _ = key.removeprefix(prefix).partition("/")
        is_own_table = bool(slash) and "=" not in first
        folder = f"{prefix}{first}/" if is_own_table else prefix
        if folder not in tables:
            name = folder.rstrip("/").rpartition("/")[2] or bucket
            tables[folder] = FoundTable(name=table_name(name), location=f"s3://{bucket}/{folder}")
        _add(tables[folder], bucket, folder, key)
    return list(tables.values())


def table_name(folder: str) -> str:
    """Return a folder's name in lower case, with underscores for what a table name cannot have."""
    return re.sub(r"\W", "_", folder.lower(), flags=re.ASCII)


def is_excluded(path: str, patterns: Sequence[str]) -> bool:
    """Whether a glob matches the path below the target.

    https://docs.aws.amazon.com/glue/latest/dg/define-crawler.html
    """
    return any(re.fullmatch(_expression(pattern), path, re.DOTALL) for pattern in patterns)


_GLOB = re.compile(r"\\.|\*\*|\*|\?|\[[^]]+\]|[{},]|.", re.DOTALL)


def _expression(pattern: str) -> str:
    """Return a glob as a regular expression: `*` stops at a slash, `**` does not."""
    plain = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    braces = {"{": "(?:", "}": ")", ",": "|"}
    depth, parts = 0, list[str]()
    for sign in _GLOB.findall(pattern):
        depth += (sign == "{") - (sign == "}")
        if sign in plain:
            parts.append(plain[sign])
        elif sign in "{}" or (sign == "," and depth):
            parts.append(braces[sign])
        elif len(sign) > 2 and sign.startswith("["):
            parts.append(f"[^{sign[2:]}" if sign[1] == "!" else sign)
        else:
            parts.append(re.escape(sign.removeprefix("\\")))
    return "".join(parts)


def _add(table: FoundTable, bucket: str, folder: str, key: str) -> None:
    table.keys.append(key)
    folders = key.removeprefix(folder).split("/")[:-1]
    pairs = tuple(_pair(position, name) for position, name in enumerate(folders))
    below = "".join(f"{name}/" for name in folders)
    table.partitions[pairs] = f"s3://{bucket}/{folder}{below}"


def _pair(position: int, folder: str) -> tuple[str, str]:
    name, equals, value = folder.partition("=")
    return (name.lower(), value) if equals else (f"partition_{position}", folder)
