"""Paths of this repository of which an app is made: pushes that touch them start its pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType

from config.delivery import App
from delivery.bundles import LIBRARY_PACKAGES, STREAMS_PACKAGES, TRIGGER_PACKAGES

_SHARED = ("config", "delivery", "operations", "scripts", "wires")
"""Folders that both apps, or steps of both pipelines, are made of."""
_OWN = MappingProxyType(
    {
        App.INFRASTRUCTURE: ("infra_app", *TRIGGER_PACKAGES, *STREAMS_PACKAGES),
        # Contracts have rules in `dqdl`, which are checked at synthesis.
        App.APPLICATION: ("glue_app", "glue_scripts", "connectors", *LIBRARY_PACKAGES),
    }
)
_TOP_FOLDER = "*"
"""Files of the top folder alone: the Makefile, requirements, locks."""

# https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_GitFilePathFilterCriteria.html
# https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_GitConfiguration.html
MOST_PATTERNS = 8
MOST_FILTERS = 3


def watched_paths(app: App) -> Sequence[str]:
    """Return glob patterns; each folder once, with everything below it."""
    folders = {folder.split("/")[0] for folder in (*_OWN[app], *_SHARED)}
    return [*(f"{folder}/**" for folder in sorted(folders)), _TOP_FOLDER]


def filters(patterns: Sequence[str]) -> Iterator[Sequence[str]]:
    """Divide patterns into filters, of which one has to match for a push to count.

    Raises ValueError if there are more than a trigger takes.
    """
    if len(patterns) > MOST_FILTERS * MOST_PATTERNS:
        raise ValueError(
            f"a trigger takes {MOST_FILTERS * MOST_PATTERNS} patterns at most, got {patterns}"
        )
    for start in range(0, len(patterns), MOST_PATTERNS):
        yield patterns[start : start + MOST_PATTERNS]
