"""docs/databases.md: what it shows is what can be used."""

from __future__ import annotations

import re
from pathlib import Path

from config.environments import load_environments
from config.sources import load_sources, source_of
from wires.database_sources import Engine

PAGE = Path("docs/databases.md")


def test_the_source_of_the_page_is_one(tmp_path: Path) -> None:
    first, contract = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "shop_orders.yaml").write_text(first)
    datasets = tmp_path / "datasets"
    datasets.mkdir()
    (datasets / "shop_orders.yaml").write_text(contract)
    (document,) = load_sources(tmp_path, datasets)
    source = source_of(document)
    assert source.database is not None
    assert source.database.engine is Engine.POSTGRESQL
    assert source.secret.startswith(f"{load_environments().project}/")
