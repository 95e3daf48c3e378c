"""docs/connectors.md: what it shows is what can be used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from config.environments import load_environments
from config.source_jobs import job_name
from config.sources import load_sources, source_of
from local_cloud.cli import _parser
from tests.documented import commands_in
from wires.sources import Source

PAGE = Path("docs/connectors.md")


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """The page's source, with the contract beside it."""
    first, contract, environments = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "orders_api.yaml").write_text(first)
    datasets = tmp_path / "datasets"
    datasets.mkdir()
    (datasets / "api_orders.yaml").write_text(contract)
    (document,) = load_sources(tmp_path, datasets)
    overridden = yaml.safe_load(environments)["environments"]["dev"]["jobs"]
    assert list(overridden) == [job_name(document.name)]
    return source_of(document)


def test_the_source_of_the_page_is_one(source: Source) -> None:
    assert source.api is not None
    assert source.secret.startswith(f"{load_environments().project}/")


def test_the_commands_of_the_page_are_ones_that_there_are() -> None:
    commands = [c for c in commands_in(PAGE) if c.words[2:3] == ["local_cloud"]]
    assert len(commands) == 2
    for command in commands:
        assert callable(_parser().parse_args(command.words[3:]).command)
