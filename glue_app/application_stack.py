"""The Glue jobs of one environment, and the workflow of some of them."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from constructs import Construct

from config.environments import Environment
from config.exports import Export
from config.jobs import DATA_INGESTION, DATA_PROCESSING, DATA_QUALITY, TABLE_MAINTENANCE
from config.named_queries import named_queries
from glue_app.constructs.crawler_access import grant_crawler_access
from glue_app.constructs.crawlers import Crawlers
from glue_app.constructs.dashboard_data import DashboardData
from glue_app.constructs.job_security import JobSecurity
from glue_app.constructs.lake_formation import LakeFormationGrants
from glue_app.constructs.layered_workflow import LayeredWorkflow
from glue_app.constructs.named_queries import NamedQueries
from glue_app.constructs.table_optimizers import TableOptimizers
from glue_app.imports import Infrastructure
from glue_app.jobs import Jobs
from wires.contracts import DatasetContract


class ApplicationStack(cdk.Stack):
    """Stateless: everything that holds data is imported from the infrastructure stack."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stack_name: str,
        environment: Environment,
        contracts: Sequence[DatasetContract],
    ) -> None:
        super().__init__(
            scope,
            id,
            stack_name=stack_name,
            description=f"Glue jobs of {environment.project} in {environment.name}",
            permissions_boundary=cdk.PermissionsBoundary.from_arn(environment.boundary_arn),
        )
        names, settings = environment.names, environment.settings

        infrastructure = Infrastructure(self, "Infrastructure", environment=environment)
        security = JobSecurity(self, "JobSecurity", names=names, key=infrastructure.key)
        jobs = Jobs(
            self,
            environment=environment,
            infrastructure=infrastructure,
            security=security,
            contracts=contracts,
        )
        kept_by_glue = settings.maintenance.tables_kept_by_glue
        if kept_by_glue:
            TableOptimizers(
                self,
                "TableOptimizers",
                database=infrastructure.value(Export.CURATED_DATABASE_NAME),
                tables=kept_by_glue,
                role=infrastructure.role_of(TABLE_MAINTENANCE),
                connection=infrastructure.network_connection,
            )

        NamedQueries(
            self,
            "NamedQueries",
            queries=named_queries(contracts, names, of=settings.reading.named_queries),
            workgroup=infrastructure.value(Export.QUERIES_WORKGROUP_NAME),
        )
        if settings.reading.quicksight:
            DashboardData(
                self,
                "DashboardData",
                environment=environment,
                workgroup=infrastructure.value(Export.QUERIES_WORKGROUP_NAME),
                contracts=contracts,
            )
        if settings.lake_formation:
            LakeFormationGrants(self, "LakeFormation", infrastructure=infrastructure)
        crawlers = Crawlers(
            self,
            "Crawlers",
            names=names,
            infrastructure=infrastructure,
            security=security.name,
            retention=settings.retention,
        )
        LayeredWorkflow(
            self,
            "LayeredWorkflow",
            names=names,
            ingestion=jobs[DATA_INGESTION],
            processing=jobs[DATA_PROCESSING],
            quality=jobs[DATA_QUALITY],
            crawlers=crawlers,
            run_crawlers=settings.workflow.crawlers,
        )
        grant_crawler_access(infrastructure, log_group=crawlers.log_group)
