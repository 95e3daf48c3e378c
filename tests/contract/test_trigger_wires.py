"""infra_app → trigger function → glue_app's job."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from config.environments import Environment
from infra_app.lambdas.trigger.settings import MonitorSettings, TriggerSettings
from tests.templates import Json, Template, as_list, text_of
from wires.layout import (
    DISPATCHER,
    PARTITION_KEY,
    lease,
    refresh_state,
    start_state,
    workflow_state,
)


def statements_of_the_trigger(template: Template) -> list[Json]:
    return [
        statement
        for id, policy in template.resources("AWS::IAM::Policy").items()
        if id.startswith("TriggerRole")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def environment_of(template: Template, function: str = "trigger") -> dict[str, str]:
    variables = template.function(function)["Environment"]["Variables"]
    return {name: text_of(value) for name, value in variables.items()}


def test_the_function_reads_back_the_environment_that_the_template_gives_it(
    infrastructure: Template,
) -> None:
    environ = environment_of(infrastructure)
    assert TriggerSettings.from_environ(environ).to_environ() == environ
    environ = environment_of(infrastructure, "monitor")
    assert MonitorSettings.from_environ(environ).to_environ() == environ


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


def test_the_function_has_the_prices_of_its_region(
    infrastructure: Template, configured: Environment
) -> None:
    settings = TriggerSettings.from_environ(environment_of(infrastructure))
    glue = configured.prices.glue
    assert settings.usd_per_dpu_hour == glue.dpu_hour
    assert settings.usd_per_flex_dpu_hour == glue.flex_dpu_hour
    assert settings.usd_per_memory_dpu_hour == glue.memory_dpu_hour


def test_the_function_knows_how_often_the_queue_hands_out_a_message(
    infrastructure: Template,
) -> None:
    (policy,) = (
        queue["RedrivePolicy"]
        for queue in infrastructure.properties("AWS::SQS::Queue")
        if "RedrivePolicy" in queue
    )
    settings = TriggerSettings.from_environ(environment_of(infrastructure))
    assert settings.max_receive_count == policy["maxReceiveCount"]


def test_the_function_may_keep_the_state_items_that_it_works_with_and_no_others(
    infrastructure: Template,
) -> None:
    (keys,) = (
        statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        for statement in statements_of_the_trigger(infrastructure)
        if "dynamodb:LeadingKeys" in str(statement.get("Condition", ""))
    )
    mine = [lease(DISPATCHER), start_state("job"), workflow_state("etl")]
    for item in mine:
        assert [key for key in keys if fnmatchcase(item[PARTITION_KEY], key)], item
    assert len(keys) == len(mine)
    assert not [key for key in keys if fnmatchcase(refresh_state("table/t")[PARTITION_KEY], key)]


def test_the_function_may_do_to_objects_what_it_does_and_nothing_else(
    infrastructure: Template,
) -> None:
    allowed = {
        action
        for statement in statements_of_the_trigger(infrastructure)
        for action in as_list(statement["Action"])
        if action.startswith("s3:")
    }
    assert allowed == {
        "s3:GetObject",
        "s3:GetObjectTagging",
        "s3:GetObjectVersion",
        "s3:GetObjectVersionTagging",
        "s3:ListBucket",
        "s3:PutObject",
        "s3:PutObjectTagging",
    }


@pytest.mark.parametrize("name", ["trigger", "monitor"])
def test_the_handler_that_the_template_names_is_in_its_code(
    infrastructure: Template, name: str
) -> None:
    function = infrastructure.function(name)
    code = infrastructure.asset(function["Code"]["S3Key"])
    module, attribute = function["Handler"].rsplit(".", 1)
    source = code.joinpath(*module.split(".")).with_suffix(".py").read_text()
    assert f"\ndef {attribute}(" in source


def jobs_of(application: Template) -> set[str]:
    return {job["Name"] for job in application.properties("AWS::Glue::Job")}


def test_the_jobs_and_the_workflow_that_the_function_names_are_in_the_application(
    infrastructure: Template, application: Template
) -> None:
    environ = environment_of(infrastructure)
    named = [environ["FILE_PROCESSOR_JOB"], environ["DATA_INGESTION_JOB"]]
    named += environ["OTHER_JOBS"].split(",")
    assert set(named) == jobs_of(application)
    assert environ["WORKFLOW"] == application.only("AWS::Glue::Workflow")["Name"]


def test_the_function_may_start_one_job_and_the_workflow_and_ask_after_every_run(
    infrastructure: Template, application: Template
) -> None:
    def may(action: str) -> set[str]:
        return {
            text_of(resource).rsplit(":", 1)[1]
            for statement in infrastructure.role_statements()
            if action in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])
        }

    environ = environment_of(infrastructure)
    assert may("glue:StartJobRun") == {f"job/{environ['FILE_PROCESSOR_JOB']}"}
    assert may("glue:StartWorkflowRun") == {f"workflow/{environ['WORKFLOW']}"}
    assert may("glue:GetJobRun") == {f"job/{name}" for name in jobs_of(application)}


def test_the_function_hears_of_every_end_of_a_run(
    infrastructure: Template, application: Template
) -> None:
    (heard,) = (
        rule["EventPattern"]["detail"]["jobName"]
        for rule in infrastructure.properties("AWS::Events::Rule")
        if rule.get("EventPattern", {}).get("source") == ["aws.glue"]
    )
    assert set(heard) == jobs_of(application)


def test_each_role_that_a_job_gets_is_one_that_the_infrastructure_made_for_glue(
    infrastructure: Template, application: Template
) -> None:
    exports = {
        output["Export"]["Name"]: output["Value"]
        for output in infrastructure.document["Outputs"].values()
    }
    given = [
        export
        for policy in application.properties("AWS::IAM::Policy")
        for export in [role["Fn::ImportValue"] for role in policy["Roles"]]
    ]
    assert len(given) == len(set(given))
    for export in given:
        role = infrastructure.resources("AWS::IAM::Role")[exports[export]["Ref"]]["Properties"]
        [statement] = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "glue.amazonaws.com"}
    for job in application.properties("AWS::Glue::Job"):
        assert any(export in text_of(job["Role"]) for export in given)
