"""The cases of processing."""

from __future__ import annotations

from functools import partial

from benchmarks.layers.processing import CONTENDERS, LAYER, SUBJECT
from benchmarks.layers.processing.comparing import judged
from benchmarks.layers.processing.zone_files import ZoneFiles
from benchmarks.layers.running import Case


def cases(files: ZoneFiles) -> list[Case]:
    """Return one case for each contender."""
    judge = partial(judged, files=files)
    return [
        Case(layer=LAYER, subject=SUBJECT, contender=name, data=files.folder, judge=judge)
        for name in CONTENDERS
    ]
