"""infra_app → glue_app: CloudFormation exports."""

from __future__ import annotations

from config.environments import Environment
from tests.templates import Template


def test_every_import_of_the_application_is_an_export_of_the_infrastructure(
    infrastructure: Template, application: Template
) -> None:
    assert application.imports() <= infrastructure.exports()


def test_every_export_is_imported(infrastructure: Template, application: Template) -> None:
    assert infrastructure.exports() <= application.imports()


def test_the_infrastructure_exports_the_list_and_nothing_else(
    infrastructure: Template, configured: Environment
) -> None:
    assert infrastructure.exports() == {
        configured.export_name(export) for export in configured.exports
    }
