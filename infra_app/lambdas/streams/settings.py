"""The environment of a stream's function: written by its construct, read by its handler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self


@dataclass(frozen=True, kw_only=True)
class StreamSettings:
    """Settings; each is a variable that is named as the field in capitals."""

    environment: str
    source: str
    kind: str
    """One of `wires.sources.Kind` that is a stream."""
    dataset: str
    record_format: str
    """One of `wires.stream_sources.RecordFormat`."""
    rows: str
    """One of `wires.stream_sources.RowShape`."""
    raw_bucket: str
    quality_bucket: str
    assets_bucket: str
    state_table: str
    metrics_namespace: str
    timeout_seconds: int
    """After which an invocation of this function is over, whatever became of it."""

    def to_environ(self) -> dict[str, str]:
        return {name.upper(): str(value) for name, value in asdict(self).items()}

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings. Raises KeyError naming the first variable that is missing."""
        kinds = {"int": int, "str": str}
        return cls(
            **{
                field.name: kinds[str(field.type)](environ[field.name.upper()])
                for field in fields(cls)
            }
        )
