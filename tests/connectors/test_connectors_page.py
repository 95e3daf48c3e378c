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
STREAMS = "\n# Streams\n"
"""The part about what is not fetched, but sent."""


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """The page's source, with the contract beside it."""
    fetched, _, _ = PAGE.read_text().partition(STREAMS)
    first, contract, environments = re.findall(r"```yaml\n(.*?)```", fetched, re.DOTALL)
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
    assert len(commands) == 3
    for command in commands:
        assert callable(_parser().parse_args(command.words[3:]).command)


def test_the_streams_of_the_page_are_streams(tmp_path: Path) -> None:
    _, _, streams = PAGE.read_text().partition(STREAMS)
    *whole, own_cluster = re.findall(r"```yaml\n(.*?)```", streams, re.DOTALL)
    texts = {yaml.safe_load(text)["name"]: text for text in whole}
    of_kafka = yaml.safe_load(texts["payments"]) | yaml.safe_load(own_cluster)
    texts["own"] = yaml.safe_dump({**of_kafka, "name": "own"})
    for name, text in texts.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    found = load_sources(tmp_path, tmp_path / "none")
    assert [one.kind.value for one in found] == ["kinesis", "kafka", "kafka", "sqs"]
    assert all(one.stream for one in found)
