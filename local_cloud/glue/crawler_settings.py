"""What a crawler's settings ask for, and what of that a laptop does not play."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

_OUTPUT: Mapping[str, Collection[Any]] = {
    "Tables": ({}, {"AddOrUpdateBehavior": "MergeNewColumns"}),
    "Partitions": ({}, {"AddOrUpdateBehavior": "InheritFromTable"}),
}
"""https://docs.aws.amazon.com/glue/latest/dg/crawler-configuration.html"""


def what_is_not_played(
    *,
    targets: Mapping[str, Any],
    classifiers: Any,
    configuration: str | None,
    policy: Mapping[str, str] | None,
    recrawl: Mapping[str, str] | None,
) -> str:
    """What would come out otherwise on AWS, in words; empty if nothing would."""
    if classifiers:
        return f"a laptop has Glue's own classifiers alone, got {classifiers}"
    if (policy or {}).get("DeleteBehavior") == "DELETE_FROM_DATABASE":
        return "a laptop's crawler deletes nothing: expected DEPRECATE_IN_DATABASE or LOG"
    if (recrawl or {}).get("RecrawlBehavior", "CRAWL_EVERYTHING") != "CRAWL_EVERYTHING":
        return f"a laptop's crawler looks at everything: expected CRAWL_EVERYTHING, got {recrawl}"
    return _of_targets(targets) or _of_configuration(configuration)


def output_settings(configuration: str | None) -> dict[str, Any]:
    """`CrawlerOutput` of a crawler's configuration."""
    output: dict[str, Any] = json.loads(configuration or "{}").get("CrawlerOutput", {})
    return output


def _of_targets(targets: Mapping[str, Any]) -> str:
    others = sorted(kind for kind, given in targets.items() if given and kind != "S3Targets")
    if others or not targets.get("S3Targets"):
        return f"a laptop crawls S3Targets alone, got {', '.join(others) or 'no target'}"
    for target in targets["S3Targets"]:
        # A connection only says by which network the bucket is reached.
        unknown = sorted(target.keys() - {"Path", "Exclusions", "ConnectionName"})
        if unknown:
            return f"{', '.join(unknown)} of an S3 target would be ignored; do without it"
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
