"""Template, dispatcher → Glue job: the arguments of file_processor."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from config.environments import Environment
from tests.templates import Template, text_of
from wires.job_arguments import (
    FileProcessorDefaults,
    FileProcessorRun,
    GlueRun,
    from_argv,
    to_arguments,
)

# https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
OF_GLUE = {
    "--conf",
    "--enable-continuous-cloudwatch-log",
    "--enable-metrics",
    "--enable-observability-metrics",
    "--extra-py-files",
    "--job-language",
}


def names_of(kind: type) -> set[str]:
    return {f"--{field.name}" for field in fields(kind)}


def test_the_template_gives_what_the_script_reads_and_nothing_else(application: Template) -> None:
    given_by_template = set(application.only("AWS::Glue::Job")["DefaultArguments"])
    assert given_by_template - OF_GLUE == names_of(FileProcessorDefaults)


def test_a_run_adds_to_the_templates_arguments_and_overrides_none() -> None:
    assert not names_of(FileProcessorRun) & (names_of(FileProcessorDefaults) | OF_GLUE)


def test_the_script_reads_back_what_template_and_dispatcher_give(
    application: Template, configured: Environment
) -> None:
    arguments = {
        **application.only("AWS::Glue::Job")["DefaultArguments"],
        **to_arguments(FileProcessorRun(load_id="0123", attempt=2, last_attempt=False)),
        **to_arguments(GlueRun(JOB_NAME="job", JOB_RUN_ID="jr_1")),
    }
    argv = ["script.py", *(w for n, v in arguments.items() for w in (n, text_of(v)) if w)]
    defaults = from_argv(FileProcessorDefaults, argv)
    run = from_argv(FileProcessorRun, argv)
    assert defaults.environment == configured.name
    assert defaults.region == configured.account.aws_region
    assert defaults.target_file_bytes == configured.settings.file_processor.target_file_bytes
    assert defaults.max_expansion_ratio == configured.settings.file_processor.max_expansion_ratio
    assert "RawBucketName" in defaults.raw_bucket
    assert run == FileProcessorRun(load_id="0123", attempt=2, last_attempt=False)


def test_each_place_that_the_job_is_told_is_the_export_of_that_name(application: Template) -> None:
    arguments = application.only("AWS::Glue::Job")["DefaultArguments"]
    for name, value in arguments.items():
        if isinstance(value, dict):
            export = value["Fn::ImportValue"].rsplit("-", 1)[1]
            words = name.removeprefix("--").split("_")
            assert export.startswith("".join(word.capitalize() for word in words)), name


@given(st.from_regex(r"[0-9a-f]{16}", fullmatch=True), st.integers(1, 99), st.booleans())
def test_a_runs_arguments_survive_the_command_line(load_id: str, attempt: int, last: bool) -> None:
    run = FileProcessorRun(load_id=load_id, attempt=attempt, last_attempt=last)
    argv = [word for pair in to_arguments(run).items() for word in pair]
    assert from_argv(FileProcessorRun, argv) == run
