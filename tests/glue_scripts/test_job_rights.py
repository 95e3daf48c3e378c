"""The guard of tests/job_rights.py sees what it is there for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lake.errors import LakeError
from tests import job_rights
from tests.aws import PROCESSED, SmallAws
from tests.glue_scripts.iceberg_lake import SmallLake, row
from tests.keeping import Keeper

JOB = "table-maintenance"


@pytest.mark.parametrize(("file", "function"), job_rights.ENTRIES)
def test_each_entry_is_a_function_that_there_is(file: str, function: str) -> None:
    tree = ast.parse((Path(__file__).resolve().parents[2] / file).read_text())
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert function in names


def test_a_call_that_a_role_does_not_allow_is_refused_and_remembered(
    aws: SmallAws, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = SmallLake.of(aws.glue, PROCESSED)
    lake.made()
    for number in range(6):
        lake.append(f"load-{number}", [lake.file(f"load-{number}", [row(number)])])
    rest = [one for one in job_rights.granted_to(JOB) if one[0] != "glue:GetDatabase"]
    with monkeypatch.context() as patch:
        patch.setitem(job_rights.granted, JOB, rest)
        with pytest.raises(LakeError, match=rf"the role of {JOB} does not allow glue:GetDatabase"):
            Keeper(aws, spark)()
    assert job_rights.refused == [
        f"the role of {JOB} does not allow glue:GetDatabase on glue:{PROCESSED}"
    ]
    job_rights.refused.clear()
