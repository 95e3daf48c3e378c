"""docs/roles.md against the templates."""

from __future__ import annotations

import re
from pathlib import Path

from config.delivery import App
from config.jobs import JOBS
from config.streams import streams
from tests.conftest import Assemblies
from tests.templates import Template

PAGE = Path("docs/roles.md")


def described(section: str) -> dict[str, tuple[str, ...]]:
    """Who takes each role, what it may and what a thief could; by its id in the template."""
    _, _, text = PAGE.read_text().partition(f"\n## {section}\n")
    text, _, _ = text.partition("\n## ")
    rows = re.findall(r"^\| `([\w<>]+)`[^|]* \| (.+) \| (.+) \| (.+) \|$", text, re.MULTILINE)
    return {id: tuple(cells) for id, *cells in rows}


def roles_in(template: Template) -> set[str]:
    return {_plain(id) for id in template.resources("AWS::IAM::Role")}


def _plain(id: str) -> str:
    """A logical id without its hash; the CDK leaves a last `Resource` and repetitions out."""
    return re.sub(r"[0-9A-F]{8}$", "", id)


# They come with switches in config.
BY_CONFIG = {
    "AlertsChatRole",
    "DashboardsRole",
    "MalwareScanRole",
    "NetworkFlowLogsRole",
    "ReaderGroupsAccessRole",
    "ReaderGroupsLocationsRole",
    "ReaderGroupsReaders<Group>Role",
    "SpectrumRole",
}


def test_every_role_of_an_environment_is_described_and_nothing_else(
    infrastructure: Template, application: Template
) -> None:
    found = set(described("In an environment's account")) - BY_CONFIG
    further = {f"{job.id}Role" for job in JOBS} - found
    words = {stream.name: stream.name.split("_") for stream in streams()}
    further |= {f"Stream{''.join(map(str.capitalize, some))}Role" for some in words.values()}
    assert (found - {"<Job>Role", "<Stream>Role"}) | further == roles_in(infrastructure) | roles_in(
        application
    )


def test_every_role_of_the_pipelines_is_described_and_nothing_else(assemblies: Assemblies) -> None:
    found = described("In the pipeline account")
    for app in App:
        assert set(found) == roles_in(assemblies.pipeline(app))


def test_each_role_has_what_it_may_and_what_a_thief_of_it_could() -> None:
    for section in ("In an environment's account", "In the pipeline account"):
        for cells in described(section).values():
            _taken_by, may, thief = cells
            assert len(may.split()) > 2
            assert len(thief.split()) > 1
