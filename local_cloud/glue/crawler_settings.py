"""Settings of crawlers, and which of them a laptop does not follow."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

_OUTPUT: Mapping[str, Collection[Any]] = {
    "Tables": ({}, {"AddOrUpdateBehavior": "MergeNewColumns"}),
    "Partitions": ({}, {"AddOrUpdateBehavior": "InheritFromTable"}),
}
"""https://docs.aws.amazon.com/glue/latest/dg/crawler-configuration.html"""
_TARGETS: Mapping[str, Collection[str]] = {
    # A connection only says through which network the bucket is reached.
    "S3Targets": {"Path", "Exclusions", "ConnectionName"},
    "IcebergTargets": {"Paths", "MaximumTraversalDepth", "ConnectionName"},
}


def what_is_not_played(
    *,
    targets: Mapping[str, Any],
    classifiers: Any,
    configuration: str | None,
    policy: Mapping[str, str] | None,
    recrawl: Mapping[str, str] | None,
) -> str:
    """Return what would come out differently on AWS, in words; empty if nothing would."""
    if classifiers:
        return f"a laptop has Glue's own classifiers alone, got {classifiers}"
    if (policy or {}).get("DeleteBehavior") == "DELETE_FROM_DATABASE":
        return "a laptop's crawler deletes nothing: expected DEPRECATE_IN_DATABASE or LOG"
    if (recrawl or {}).get("RecrawlBehavior", "CRAWL_EVERYTHING") != "CRAWL_EVERYTHING":
        return f"a laptop's crawler looks at everything: expected CRAWL_EVERYTHING, got {recrawl}"
    return _of_targets(targets) or _of_configuration(configuration)


def output_settings(configuration: str | None) -> dict[str, Any]:
    """Return `CrawlerOutput` of a crawler's configuration."""
    output: dict[str, Any] = json.loads(configuration or "{}").get("CrawlerOutput", {})
    return output


def _of_targets(targets: Mapping[str, Any]) -> str:
    given = sorted(kind for kind, those in targets.items() if those)
    others = [kind for kind in given if kind not in _TARGETS]
    if others or not given:
        return (
            f"a laptop crawls {' and '.join(_TARGETS)} alone, got "
            f"{', '.join(others) or 'no target'}"
        )
    for kind in given:
        for target in targets[kind]:
            unknown = sorted(set(target) - set(_TARGETS[kind]))
            if unknown:
                return f"{', '.join(unknown)} of {kind} would be ignored; do without it"
    return ""


def _of_configuration(configuration: str | None) -> str:
    unknown = json.loads(configuration or "{}").keys() - {"Version", "CrawlerOutput"}
    output = output_settings(configuration)
    odd = [part for part, given in output.items() if given not in _OUTPUT.get(part, ())]
    if not (unknown or odd):
        return ""
    return (
        f"{', '.join(sorted([*unknown, *odd]))} of its Configuration would be ignored: a laptop "
        "makes a table of each first folder below a target, and its partitions have its columns"
    )
