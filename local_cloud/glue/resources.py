"""AWS::Glue::Database and AWS::Glue::Job."""

from __future__ import annotations

from typing import Any

from moto.glue.models import glue_backends

from local_cloud.cloudformation.resource import Place, Properties, Resource, resource_type
from local_cloud.errors import UnsupportedResourceError
from local_cloud.glue.jobs import LocalJob


@resource_type("AWS::Glue::Database")
def create_database(resource_name: str, properties: Properties, place: Place) -> Resource:
    """Make an empty database."""
    database = properties["DatabaseInput"]
    name = database.get("Name", resource_name.lower())
    backend = glue_backends[place.account][place.region]
    backend.create_database(name, {**database, "Name": name})
    return Resource(name)


@resource_type("AWS::Glue::Job", name_property="Name")
def create_job(name: str, properties: Properties, place: Place) -> Resource:
    """Make a Spark job in Python; its runs are processes."""
    _check_runs_here(name, properties)
    backend = glue_backends[place.account][place.region]
    backend.jobs[name] = LocalJob(
        name=name,
        role=properties["Role"],
        command=properties["Command"],
        description=properties.get("Description", ""),
        log_uri=properties.get("LogUri", ""),
        execution_property=properties.get("ExecutionProperty", {}),
        default_arguments=_strings(properties.get("DefaultArguments", {})),
        non_overridable_arguments=_strings(properties.get("NonOverridableArguments", {})),
        connections=properties.get("Connections", {}),
        max_retries=int(properties.get("MaxRetries", 0)),
        allocated_capacity=int(properties.get("AllocatedCapacity", 0)),
        timeout=int(properties.get("Timeout", 480)),
        max_capacity=float(properties.get("MaxCapacity", 0)),
        security_configuration=properties.get("SecurityConfiguration", ""),
        tags=properties.get("Tags", {}),
        notification_property=properties.get("NotificationProperty", {}),
        glue_version=str(properties.get("GlueVersion", "0.9")),
        number_of_workers=int(properties.get("NumberOfWorkers", 0)),
        worker_type=properties.get("WorkerType", ""),
        code_gen_configuration_nodes={},
        execution_class=properties.get("ExecutionClass", "STANDARD"),
        source_control_details={},
        backend=backend,
    )
    return Resource(name)


def _strings(arguments: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in arguments.items()}


def _check_runs_here(name: str, properties: Properties) -> None:
    command = properties.get("Command", {})
    if command.get("Name") != "glueetl" or not command.get("ScriptLocation"):
        raise UnsupportedResourceError(
            f"Glue job {name}: a laptop runs Spark scripts in Python (command glueetl with a "
            f"ScriptLocation), got {command}"
        )
    if int(properties.get("MaxRetries", 0)):
        raise UnsupportedResourceError(
            f"Glue job {name}: MaxRetries {properties['MaxRetries']} would not be followed on a "
            "laptop; retries are the dispatcher's"
        )
