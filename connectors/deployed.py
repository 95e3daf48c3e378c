"""The source that a job was deployed with."""

from __future__ import annotations

from importlib.resources import files

from wires.sources import SOURCE_FILE, SOURCE_PACKAGE, Source, source_from_json


def deployed_source() -> Source:
    """Return the source in the job's library."""
    return source_from_json(files(SOURCE_PACKAGE).joinpath(SOURCE_FILE).read_text(encoding="utf-8"))
