"""infra_app → trigger function → glue_app's job."""

from __future__ import annotations

from config.environments import Environment
from infra_app.lambdas.trigger.settings import TriggerSettings
from tests.templates import Template, as_list, text_of


def environment_of(template: Template) -> dict[str, str]:
    variables = template.only("AWS::Lambda::Function")["Environment"]["Variables"]
    return {name: text_of(value) for name, value in variables.items()}


def test_the_function_reads_back_the_environment_that_the_template_gives_it(
    infrastructure: Template,
) -> None:
    environ = environment_of(infrastructure)
    assert TriggerSettings.from_environ(environ).to_environ() == environ


def test_the_functions_limits_are_those_of_the_configuration(
    infrastructure: Template, configured: Environment
) -> None:
    settings = TriggerSettings.from_environ(environment_of(infrastructure))
    for name in (
        "objects_per_run",
        "bytes_per_run",
        "runs_at_once",
        "attempts_per_load",
        "max_object_bytes",
        "malware_scan_required",
    ):
        assert getattr(settings, name) == getattr(configured.settings.trigger, name), name


def test_the_handler_that_the_template_names_is_in_its_code(infrastructure: Template) -> None:
    function = infrastructure.only("AWS::Lambda::Function")
    code = infrastructure.asset(function["Code"]["S3Key"])
    module, attribute = function["Handler"].rsplit(".", 1)
    source = code.joinpath(*module.split(".")).with_suffix(".py").read_text()
    assert f"\ndef {attribute}(" in source


def test_the_function_starts_the_job_that_the_application_defines(
    infrastructure: Template, application: Template
) -> None:
    job = application.only("AWS::Glue::Job")["Name"]
    assert environment_of(infrastructure)["FILE_PROCESSOR_JOB"] == job


def test_the_function_may_start_that_job_and_no_other(
    infrastructure: Template, application: Template
) -> None:
    job = application.only("AWS::Glue::Job")["Name"]
    (statement,) = (
        s for s in infrastructure.role_statements() if "glue:StartJobRun" in as_list(s["Action"])
    )
    (resource,) = as_list(statement["Resource"])
    assert resource.endswith(f":job/{job}")


def test_the_function_hears_of_that_jobs_ends_and_of_no_others(
    infrastructure: Template, application: Template
) -> None:
    job = application.only("AWS::Glue::Job")["Name"]
    (heard,) = (
        rule["EventPattern"]["detail"]["jobName"]
        for rule in infrastructure.properties("AWS::Events::Rule")
        if rule.get("EventPattern", {}).get("source") == ["aws.glue"]
    )
    assert heard == [job]


def test_the_role_that_the_job_gets_is_the_one_that_the_infrastructure_made(
    infrastructure: Template, application: Template
) -> None:
    (policy,) = application.properties("AWS::IAM::Policy")
    (export,) = (role["Fn::ImportValue"] for role in policy["Roles"])
    output = next(
        o for o in infrastructure.document["Outputs"].values() if o["Export"]["Name"] == export
    )
    role = infrastructure.resources("AWS::IAM::Role")[output["Value"]["Ref"]]["Properties"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {
        "Service": "glue.amazonaws.com"
    }
    assert export in text_of(application.only("AWS::Glue::Job")["Role"])
