"""docs/resources.md against the templates."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.datasets import load_contracts
from config.delivery import App
from config.environments import Environment
from config.jobs import JOBS
from config.named_queries import named_queries
from config.source_document import SourceDocument
from config.streams import streams
from glue_app.constructs.named_queries import query_id
from tests.conftest import Assemblies
from tests.templates import Template

PAGE = Path("docs/resources.md")


def described(section: str, environment: Environment) -> set[tuple[str, str]]:
    """Ids and types in the table of a section, each with a reason."""
    _, _, text = PAGE.read_text().partition(f"\n## {section}\n")
    text, _, _ = text.partition("\n## ")
    rows = re.findall(r"^\| `([\w<>]+)` \| ([\w:]+) \| (.+) \|$", text, re.MULTILINE)
    assert all(len(why.split()) > 1 for _, _, why in rows)
    return {(one, kind) for id, kind, _ in rows for one in ids_for(id, environment)}


def ids_for(id: str, environment: Environment) -> list[str]:
    """`<Job>` stands for each job, and in the id of a schedule for each that has one; `<Query>` for
    each named query; `<Stream>` for each stream that has such a resource."""
    settings = environment.settings
    if "<Stream>" in id:
        return [id.replace("<Stream>", f"Stream{_id(one)}") for one in streams() if _has(one, id)]
    if "<Query>" in id:
        queries = named_queries(load_contracts(), environment.names, of="all")
        return [_plain(id.replace("<Query>", query_id(query))) for query in queries]
    jobs = [j for j in JOBS if "Schedule" not in id or j.schedule_in(settings)]
    return [id.replace("<Job>", job.id) for job in jobs] if "<Job>" in id else [id]


def _id(stream: SourceDocument) -> str:
    return "".join(word.capitalize() for word in stream.name.split("_"))


def _has(stream: SourceDocument, id: str) -> bool:
    """Queues have dead letters of their own, and a reader is for enhanced fan-out."""
    if "Failures" in id or "GivenUp" in id:
        return stream.sqs is None
    return "Reader" not in id or bool(stream.kinesis and stream.kinesis.enhanced_fan_out)


def deployed(*templates: Template) -> set[tuple[str, str]]:
    return {
        (_plain(id), resource["Type"])
        for template in templates
        for id, resource in template.document["Resources"].items()
        if resource["Type"] != "AWS::CDK::Metadata"
    }


def _plain(id: str) -> str:
    """Without hashes and without what differs between environments."""
    without_hash = re.sub(r"([0-9A-F]{8})+$", "", id)
    return re.sub(r"(dev|prod)$", "", re.sub(r"Dev|Prod", "", without_hash))


@pytest.mark.parametrize(
    ("section", "kind"), [("Infrastructure", "infrastructure"), ("Application", "application")]
)
def test_the_page_has_every_resource_of_an_environment_and_no_other(
    assemblies: Assemblies,
    environment: str,
    configured: Environment,
    section: str,
    kind: str,
) -> None:
    assert described(section, configured) == deployed(getattr(assemblies, kind)(environment))


def test_the_page_has_every_resource_of_the_pipelines_and_no_other(
    assemblies: Assemblies, configured: Environment
) -> None:
    assert described("Pipelines", configured) == deployed(
        *(assemblies.pipeline(app) for app in App)
    )
