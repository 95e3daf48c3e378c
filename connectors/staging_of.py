"""What the rows of each kind of source are staged as."""

from __future__ import annotations

from connectors.staging import StagedFiles, Staging
from wires.sources import Kind, Mode, Source


def staging_of(source: Source) -> type[StagedFiles]:
    """Return JSON Lines for rows that are texts, Parquet for rows that have types."""
    if source.kind is not Kind.DATABASE:
        return Staging
    # As in `kinds`: jobs of other sources start without these.
    from connectors.comparing import ComparedStaging  # noqa: PLC0415
    from connectors.parquet_staging import ParquetStaging  # noqa: PLC0415

    return ComparedStaging if source.mode is Mode.CHANGED else ParquetStaging
