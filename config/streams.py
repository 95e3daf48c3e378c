"""Sources that are streams, each of which has a function that takes in what comes."""

from __future__ import annotations

from config.errors import BrokenRule, ValueRuleError
from config.jobs import SOURCES_FOLDER
from config.naming import Names
from config.source_document import SourceDocument
from config.sources import load_sources

TIMEOUT_SECONDS = 300
"""Of a function. A batch takes a second; one in which each record is a call, because it is no row
or a message, takes a minute."""


def streams() -> tuple[SourceDocument, ...]:
    """Return what the files of streams say. Raises ConfigError for a wrong one."""
    if not any(SOURCES_FOLDER.glob("*.yaml")):
        return ()
    return tuple(document for document in load_sources() if document.kind.is_stream)


def has_stream_readers() -> bool:
    """Return whether a function has the throughput of a stream of Kinesis for itself."""
    return any(one.kinesis and one.kinesis.enhanced_fan_out for one in streams())


def check_streams(project: str, names: Names) -> None:
    """Raises ValueRuleError, or NamingError, for a stream that an environment cannot have."""
    for document in streams():
        names.check_stream(document.name)
        secrets = {"secret": document.secret}
        if document.kafka:
            secrets["kafka.ca_secret"] = document.kafka.ca_secret
        rule = f"must begin with {project}/, as no role may read secrets of other projects"
        broken = [
            BrokenRule(field=field, value=secret, rule=rule)
            for field, secret in secrets.items()
            if secret and not secret.startswith(f"{project}/")
        ]
        if broken:
            raise ValueRuleError(f"sources/{document.name}.yaml", broken)
