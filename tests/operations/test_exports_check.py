"""Whether the infrastructure publishes what the application imports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from config.environments import load_environments
from operations.errors import CheckFailed
from operations.exports_check import check_exports

DEV = load_environments().all[0]


class Exports:
    """An account's CloudFormation, which lists exports a page at a time."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def get_paginator(self, _: str) -> Exports:
        return self

    def paginate(self) -> Iterator[Mapping[str, object]]:
        for name in self._names:
            yield {"Exports": [{"Name": name}]}


ALL = [DEV.export_name(export) for export in DEV.exports]


def test_an_environment_with_all_exports_passes() -> None:
    check_exports(DEV, Exports([*ALL, "of-somebody-else"]))


def test_each_missing_export_is_named_with_what_to_do() -> None:
    with pytest.raises(CheckFailed) as caught:
        check_exports(DEV, Exports(ALL[2:]))
    said = str(caught.value)
    assert f"lacks 2 of the {len(ALL)} exports" in said
    assert ALL[0] in said
    assert ALL[1] in said
    assert ALL[2] not in said
    assert "make deploy ENV=dev" in said


def test_the_exports_of_another_environment_do_not_count() -> None:
    prod = load_environments().all[1]
    with pytest.raises(CheckFailed):
        check_exports(DEV, Exports([prod.export_name(export) for export in prod.exports]))
