"""Grants of Lake Formation, for accounts that it governs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
import aws_cdk.aws_lakeformation as lakeformation
from constructs import Construct

from config.construct_ids import construct_id
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
    are grants on all tables of a database: which of them, the role's policy says. Jobs read and
    write files by IAM's permissions, also where locations are registered for groups of readers.
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
        self._prepare_groups()

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

    def _prepare_groups(self) -> None:
        """Let groups of readers find their databases, and somebody grant what they see there.

        Nothing here lets a group see a table: that is granted on filters, which need tables.
        """
        environment = self._infrastructure.environment
        groups = environment.settings.reading.groups
        zones = (Zone.PROCESSED, Zone.CURATED) if groups else ()
        for zone in zones:
            place = zone.name.capitalize()
            database = self._database(self._infrastructure.value(zone.database))
            for group in groups:
                role = environment.role_arn(environment.names.group_role(group))
                id = f"Readers{construct_id(group)}{place}"
                self._permissions(id, role, database, ["DESCRIBE"])
            keeper = environment.role_arn(environment.names.access_role)
            tables = self._tables(self._infrastructure.value(zone.database))
            self._permissions(f"Access{place}Database", keeper, database, ["DESCRIBE"])
            self._permissions(
                f"Access{place}Tables", keeper, tables, ["DESCRIBE", "SELECT"], hands_on=["SELECT"]
            )

    def _grant(self, id: str, role: str, database: Export, rights: Sequence[Tables]) -> None:
        name = self._infrastructure.value(database)
        on_database = {right for one in rights for right in _ON_DATABASES[one]}
        on_tables = {right for one in rights for right in _ON_TABLES[one]}
        self._permissions(f"{id}Database", role, self._database(name), sorted(on_database))
        self._permissions(f"{id}Tables", role, self._tables(name), sorted(on_tables))

    def _database(self, name: str) -> lakeformation.CfnPrincipalPermissions.ResourceProperty:
        return lakeformation.CfnPrincipalPermissions.ResourceProperty(
            database=lakeformation.CfnPrincipalPermissions.DatabaseResourceProperty(
                catalog_id=cdk.Stack.of(self).account, name=name
            )
        )

    def _tables(self, database: str) -> lakeformation.CfnPrincipalPermissions.ResourceProperty:
        """Return all tables of a database."""
        return lakeformation.CfnPrincipalPermissions.ResourceProperty(
            table=lakeformation.CfnPrincipalPermissions.TableResourceProperty(
                catalog_id=cdk.Stack.of(self).account, database_name=database, table_wildcard={}
            )
        )

    def _permissions(
        self,
        id: str,
        role: str,
        resource: lakeformation.CfnPrincipalPermissions.ResourceProperty,
        permissions: Sequence[str],
        *,
        hands_on: Sequence[str] = (),
    ) -> None:
        lakeformation.CfnPrincipalPermissions(
            self,
            id,
            principal=lakeformation.CfnPrincipalPermissions.DataLakePrincipalProperty(
                data_lake_principal_identifier=role
            ),
            resource=resource,
            permissions=list(permissions),
            permissions_with_grant_option=list(hands_on),
        )
