from __future__ import annotations

import pytest

from wires.errors import JobArgumentError
from wires.job_arguments import GlueRun, LoadRun, from_argv, to_arguments


def argv_of(arguments: dict[str, str]) -> list[str]:
    return ["script.py", *(word for pair in arguments.items() for word in pair)]


@pytest.mark.parametrize("last", [True, False])
def test_arguments_arrive_as_they_were_sent_among_glue_s_own(last: bool) -> None:
    run = LoadRun(load_id="abc", attempt=2, last_attempt=last)
    argv = argv_of({"--JOB_NAME": "job", **to_arguments(run), "--enable-metrics": ""})
    assert from_argv(LoadRun, argv) == run


def test_an_argument_may_be_spelled_with_an_equals_sign_and_hold_one() -> None:
    glue_run = from_argv(GlueRun, ["x", "--JOB_NAME=a=b", "--JOB_RUN_ID", "jr_1"])
    assert glue_run == GlueRun(JOB_NAME="a=b", JOB_RUN_ID="jr_1")


def test_a_renamed_argument_is_an_error_that_names_both_spellings() -> None:
    arguments = to_arguments(LoadRun(load_id="abc", attempt=1, last_attempt=False))
    arguments["--load"] = arguments.pop("--load_id")
    with pytest.raises(JobArgumentError, match=r"not given: --load_id; given: .*--load\b"):
        from_argv(LoadRun, argv_of(arguments))


@pytest.mark.parametrize(("name", "text"), [("attempt", "one"), ("last_attempt", "maybe")])
def test_a_value_of_the_wrong_type_is_named(name: str, text: str) -> None:
    arguments = to_arguments(LoadRun(load_id="abc", attempt=1, last_attempt=False))
    with pytest.raises(JobArgumentError, match=f"--{name} expects .*, got '{text}'"):
        from_argv(LoadRun, argv_of({**arguments, f"--{name}": text}))
