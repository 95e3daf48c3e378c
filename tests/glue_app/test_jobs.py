"""The jobs as the application stack defines them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable

import pytest

from config.environments import Environment
from config.settings import FileProcessor, JobSize, Settings
from tests.templates import Json, Template

SIZES: dict[str, Callable[[Settings], JobSize]] = {
    "file_processor": lambda settings: settings.file_processor,
    "data_ingestion": lambda settings: settings.workflow.ingestion,
    "data_processing": lambda settings: settings.workflow.processing,
    "data_quality": lambda settings: settings.workflow.quality,
    "legislators": lambda settings: settings.legislators,
    "table_maintenance": lambda settings: settings.maintenance,
}
"""Scripts, and where the configuration has the size of each job."""


@pytest.fixture(params=SIZES)
def script(request: pytest.FixtureRequest) -> str:
    """Each job, by its script."""
    return str(request.param)


@pytest.fixture
def job(application: Template, configured: Environment, script: str) -> Json:
    name = configured.names.of(script.replace("_", "-"))
    return application.named("AWS::Glue::Job", Name=name)


@pytest.fixture
def arguments(job: Json) -> Json:
    found: Json = job["DefaultArguments"]
    return found


def test_it_runs_on_glue_6_with_python_3(job: Json) -> None:
    assert job["GlueVersion"] == "6.0"
    assert (job["Command"]["Name"], job["Command"]["PythonVersion"]) == ("glueetl", "3")


def test_its_size_and_its_timeout_are_those_of_the_configuration(
    job: Json, configured: Environment, script: str
) -> None:
    size = SIZES[script](configured.settings)
    assert job["WorkerType"] == size.worker_type
    assert job["NumberOfWorkers"] == size.workers
    assert job["Timeout"] == size.timeout_minutes


def test_glue_admits_as_many_runs_as_the_dispatcher_starts(
    job: Json, configured: Environment, script: str
) -> None:
    at_once = configured.settings.trigger.runs_at_once if script == "file_processor" else 1
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": at_once}


def test_only_the_dispatcher_retries(job: Json) -> None:
    assert job["MaxRetries"] == 0
    assert job["JobRunQueuingEnabled"] is False


def test_every_worker_type_that_the_configuration_takes_is_one_of_the_cdk() -> None:
    import aws_cdk.aws_glue as glue  # noqa: PLC0415 - takes a second, and one test needs it

    annotation = FileProcessor.model_fields["worker_type"].annotation
    for name in getattr(annotation, "__args__", ()):
        assert name.replace(".", "_") in glue.WorkerType.__members__


def test_spark_asks_s3_of_its_own_region(arguments: Json, configured: Environment) -> None:
    region = configured.account.aws_region
    assert arguments["--conf"] == f"spark.hadoop.fs.s3a.endpoint.region={region}"


def test_its_metrics_are_on(arguments: Json) -> None:
    assert arguments["--enable-metrics"] == ""
    assert arguments["--enable-observability-metrics"] == "true"


def test_its_library_brings_the_packages_that_the_script_imports(
    application: Template, arguments: Json
) -> None:
    library = application.asset(_key(arguments["--extra-py-files"]))
    packages = {
        "charset_normalizer",
        "curation",
        "dataset_contracts",
        "dqdl",
        "fastavro",
        "iceberg",
        "jinja2",
        "lake",
        "lark",
        "maintenance",
        "markupsafe",
        "quality",
        "quality_report",
        "wires",
    }
    assert {path.name for path in library.iterdir()} == packages
    # Compiled for this machine's Python, modules in C would be of no use in Glue.
    assert {path.suffix for path in library.rglob("*.*")} == {".py", ".j2", ".json", ".typed"}


def test_its_files_logs_and_bookmarks_are_under_the_key(application: Template, job: Json) -> None:
    (id,) = application.resources("AWS::Glue::SecurityConfiguration")
    assert job["SecurityConfiguration"] == {"Ref": id}
    encryption = application.only("AWS::Glue::SecurityConfiguration")["EncryptionConfiguration"]
    parts = [
        *encryption["S3Encryptions"],
        encryption["CloudWatchEncryption"],
        encryption["JobBookmarksEncryption"],
    ]
    (key,) = {part["KmsKeyArn"]["Fn::ImportValue"] for part in parts}
    assert key.endswith("-DataKeyArn")


def test_its_log_groups_are_those_that_glue_writes_to(
    application: Template, configured: Environment, job: Json
) -> None:
    names = configured.names
    prefix = f"/aws-glue/jobs/{names.job_security}-role/{names.role_of(job['Name'])}"
    for end in ("output", "error"):
        group = application.named("AWS::Logs::LogGroup", LogGroupName=f"{prefix}/{end}")
        assert group["RetentionInDays"] == configured.settings.retention.log_retention_days
        assert group["KmsKeyId"]["Fn::ImportValue"].endswith("-DataKeyArn")


def test_the_application_holds_no_data(application: Template) -> None:
    kinds = {resource["Type"] for resource in application.document["Resources"].values()}
    assert not kinds & {"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::KMS::Key"}


def _key(location: str) -> str:
    return location.rsplit("/", 1)[1]


def test_jobs_get_their_packages_without_an_index(arguments: Json, application: Template) -> None:
    assert arguments["--python-modules-installer-option"] == "--no-index"
    place = arguments["--additional-python-modules"]
    # By this ending Glue tells what it is.
    assert place.endswith(".gluewheels.zip")
    zipped = application.asset(place.rpartition("/")[2])
    assert "wheels/requirements.txt" in zipfile.ZipFile(zipped).namelist()
