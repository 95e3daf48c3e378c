"""Grants of Lake Formation, for accounts that it governs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
import aws_cdk.aws_lakeformation as lakeformation
from constructs import Construct

from config.exports import Export
from config.jobs import JOBS, State, Tables, Zone
from glue_app.imports import Infrastructure

_ON_DATABASES = {
    Tables.READ: ("DESCRIBE",),
    Tables.CHANGE: ("DESCRIBE",),
    Tables.KEEP: ("CREATE_TABLE", "DESCRIBE"),
    Tables.KEEP_PARTITIONED: ("CREATE_TABLE", "DESCRIBE"),
    Tables.DROP: (),
}
_ON_TABLES = {
    Tables.READ: ("DESCRIBE", "SELECT"),
    Tables.CHANGE: ("ALTER", "DESCRIBE", "INSERT", "SELECT"),
    Tables.KEEP: ("ALTER", "DESCRIBE", "INSERT", "SELECT"),
    Tables.KEEP_PARTITIONED: ("ALTER", "DESCRIBE", "INSERT", "SELECT"),
    Tables.DROP: ("DROP",),
}

_OF_STATE: Mapping[State, Mapping[Zone, tuple[Tables, ...]]] = {
    State.CHECKS: {Zone.PROCESSED: (Tables.READ, Tables.DROP)},
    State.FINDINGS: {Zone.PROCESSED: (Tables.READ,), Zone.CURATED: (Tables.READ,)},
}
"""Rights on tables that come with a job's state: see `OperationsAccess`."""


class LakeFormationGrants(Construct):
    """Lets each role do with tables what its policies allow; those still limit it as well.

    Where Lake Formation governs an account, new databases grant nothing to IAM's principals. These
    are grants on all tables of a database: which of them, the role's policy says. Locations are not
    registered with Lake Formation, so that files are read and written by IAM's permissions.
    https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html
    """

    def __init__(self, scope: Construct, id: str, *, infrastructure: Infrastructure) -> None:
        super().__init__(scope, id)
        self._infrastructure = infrastructure
        for spec in JOBS:
            role = infrastructure.role_of(spec).role_arn
            of_state = _OF_STATE.get(spec.state, {}) if spec.state else {}
            for zone, rights in {**spec.tables, **of_state}.items():
                self._grant(f"{spec.id}{zone.name.capitalize()}", role, zone.database, rights)
        crawlers = infrastructure.crawlers_role.role_arn
        self._grant("Crawlers", crawlers, Export.DISCOVERY_DATABASE_NAME, (Tables.KEEP,))
        self._grant(
            "Checks",
            infrastructure.environment.checks_role_arn,
            Export.PROCESSED_DATABASE_NAME,
            (Tables.READ, Tables.DROP),
        )
        self._grant_readers()

    def _grant_readers(self) -> None:
        """Let those read all tables whose roles are made for nothing else."""
        environment = self._infrastructure.environment
        readers = {"Consumers": environment.names.consumers_role}
        if environment.settings.has_spectrum_role:
            readers["Spectrum"] = environment.names.spectrum_role
        if environment.settings.reading.quicksight:
            readers["Dashboards"] = environment.names.dashboards_role
        for id, name in readers.items():
            for zone in (Zone.PROCESSED, Zone.CURATED, Zone.QUALITY):
                self._grant(
                    f"{id}{zone.name.capitalize()}",
                    environment.role_arn(name),
                    zone.database,
                    (Tables.READ,),
                )

    def _grant(self, id: str, role: str, database: Export, rights: Sequence[Tables]) -> None:
        account = cdk.Stack.of(self).account
        name = self._infrastructure.value(database)
        on_database = {right for one in rights for right in _ON_DATABASES[one]}
        on_tables = {right for one in rights for right in _ON_TABLES[one]}
        resource = lakeformation.CfnPrincipalPermissions.ResourceProperty
        self._permissions(
            f"{id}Database",
            role,
            resource(
                database=lakeformation.CfnPrincipalPermissions.DatabaseResourceProperty(
                    catalog_id=account, name=name
                )
            ),
            sorted(on_database),
        )
        self._permissions(
            f"{id}Tables",
            role,
            resource(
                table=lakeformation.CfnPrincipalPermissions.TableResourceProperty(
                    catalog_id=account, database_name=name, table_wildcard={}
                )
            ),
            sorted(on_tables),
        )

    def _permissions(
        self,
        id: str,
        role: str,
        resource: lakeformation.CfnPrincipalPermissions.ResourceProperty,
        permissions: Sequence[str],
    ) -> None:
        lakeformation.CfnPrincipalPermissions(
            self,
            id,
            principal=lakeformation.CfnPrincipalPermissions.DataLakePrincipalProperty(
                data_lake_principal_identifier=role
            ),
            resource=resource,
            permissions=list(permissions),
            permissions_with_grant_option=[],
        )
