"""Template, dispatcher, workflow → Glue job: the arguments of each job."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.environments import Environment
from config.jobs import FILE_PROCESSOR, HEALTH_CHECK, JOBS, RECONCILIATION, JobSpec
from config.source_jobs import SCRIPT
from operations.site import names_told
from tests.templates import Json, Template, text_of
from wires.job_arguments import (
    GlueRun,
    HealthCheckDefaults,
    LoadDefaults,
    LoadRun,
    ReconciliationDefaults,
    from_argv,
    from_properties,
    run_properties,
    to_arguments,
)

# https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
OF_GLUE = {
    "--additional-python-modules",
    "--conf",
    "--enable-continuous-cloudwatch-log",
    "--enable-metrics",
    "--enable-observability-metrics",
    "--extra-py-files",
    "--job-language",
    "--python-modules-installer-option",
}


def names_of(kind: type) -> set[str]:
    return {f"--{field.name}" for field in fields(kind)}


def job_of(template: Template, environment: Environment, spec: JobSpec) -> Json:
    return template.named("AWS::Glue::Job", Name=environment.names.job(spec))


def test_every_script_is_a_job_and_every_job_has_its_script(
    application: Template, configured: Environment
) -> None:
    scripts = {path.stem for path in Path("glue_scripts").glob("*.py")}
    assert scripts == {job.script_name for job in JOBS} | {SCRIPT}
    assert len(application.resources("AWS::Glue::Job")) == len(JOBS)
    for spec in JOBS:
        location = job_of(application, configured, spec)["Command"]["ScriptLocation"]
        deployed = application.asset(text_of(location).rsplit("/", 1)[1])
        assert deployed.read_text() == Path("glue_scripts", f"{spec.script_name}.py").read_text()


@pytest.mark.parametrize("spec", JOBS, ids=lambda spec: spec.name)
def test_the_template_gives_what_the_script_reads_and_nothing_else(
    application: Template, configured: Environment, spec: JobSpec
) -> None:
    given_by_template = set(job_of(application, configured, spec)["DefaultArguments"])
    assert given_by_template - OF_GLUE == names_of(spec.arguments)
    script = Path("glue_scripts", f"{spec.script_name}.py").read_text()
    assert f"from_argv({spec.arguments.__name__}, argv)" in script


def test_a_load_goes_through_the_workflow_s_properties_unchanged() -> None:
    run = LoadRun(load_id="0123", attempt=2, last_attempt=True)
    assert from_properties(LoadRun, run_properties(run)) == run


def test_a_workflow_run_that_is_for_no_load_says_so() -> None:
    assert from_properties(LoadRun, {"started_by": "somebody"}) is None


def test_a_run_adds_to_the_templates_arguments_and_overrides_none() -> None:
    assert not names_of(LoadRun) & (names_of(LoadDefaults) | OF_GLUE)


def test_the_script_reads_back_what_template_and_dispatcher_give(
    application: Template, configured: Environment
) -> None:
    arguments = {
        **job_of(application, configured, FILE_PROCESSOR)["DefaultArguments"],
        **to_arguments(LoadRun(load_id="0123", attempt=2, last_attempt=False)),
        **to_arguments(GlueRun(JOB_NAME="job", JOB_RUN_ID="jr_1")),
    }
    argv = ["script.py", *(w for n, v in arguments.items() for w in (n, text_of(v)) if w)]
    defaults = from_argv(LoadDefaults, argv)
    run = from_argv(LoadRun, argv)
    assert defaults.environment == configured.name
    assert defaults.region == configured.account.aws_region
    assert defaults.target_file_bytes == configured.settings.file_processor.target_file_bytes
    assert defaults.max_expansion_ratio == configured.settings.file_processor.max_expansion_ratio
    assert "RawBucketName" in defaults.raw_bucket
    assert run == LoadRun(load_id="0123", attempt=2, last_attempt=False)


def test_the_jobs_that_look_after_an_environment_are_told_what_config_knows_of_it(
    application: Template, configured: Environment
) -> None:
    told = job_of(application, configured, HEALTH_CHECK)["DefaultArguments"]
    check = from_argv(HealthCheckDefaults, spelled(told))
    assert names_told(check) == configured.names
    assert check.locks_uploads is configured.locks_uploads
    assert check.timeout_seconds < configured.settings.health_check.timeout_minutes * 60
    told = job_of(application, configured, RECONCILIATION)["DefaultArguments"]
    comparison = from_argv(ReconciliationDefaults, spelled(told))
    assert names_told(comparison) == configured.names
    assert comparison.grace_hours == configured.grace_hours
    assert comparison.repair is configured.settings.reconciliation.repair


def spelled(arguments: Json) -> list[str]:
    return [word for name, value in arguments.items() for word in (name, text_of(value)) if word]


def test_packages_beside_the_library_are_an_asset_of_those_jobs_alone(
    application: Template, configured: Environment
) -> None:
    libraries = {
        spec.name: text_of(
            job_of(application, configured, spec)["DefaultArguments"]["--extra-py-files"]
        ).split(",")
        for spec in JOBS
    }
    shared = set(libraries[FILE_PROCESSOR.name])
    for spec in JOBS:
        assert shared <= set(libraries[spec.name])
        assert bool(set(libraries[spec.name]) - shared) is bool(spec.packages), spec.name


def test_each_place_that_a_job_is_told_is_the_export_of_that_name(application: Template) -> None:
    jobs = application.properties("AWS::Glue::Job")
    for name, value in (pair for job in jobs for pair in job["DefaultArguments"].items()):
        if isinstance(value, dict):
            export = value["Fn::ImportValue"].rsplit("-", 1)[1]
            words = name.removeprefix("--").split("_")
            assert export.startswith("".join(word.capitalize() for word in words)), name


@given(st.from_regex(r"[0-9a-f]{16}", fullmatch=True), st.integers(1, 99), st.booleans())
def test_a_runs_arguments_survive_the_command_line(load_id: str, attempt: int, last: bool) -> None:
    run = LoadRun(load_id=load_id, attempt=attempt, last_attempt=last)
    argv = [word for pair in to_arguments(run).items() for word in pair]
    assert from_argv(LoadRun, argv) == run
