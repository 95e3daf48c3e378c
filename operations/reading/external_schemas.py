"""SQL with which Redshift gets to know the databases. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from config.environments import Environment
from operations.errors import WrongUse


def external_schemas(environment: Environment) -> Iterator[str]:
    """Yield one statement for each database that readers have, called as its zone is.

    Raises WrongUse where config makes no role for Redshift.

    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_SCHEMA.html
    """
    if environment.settings.reading.redshift == "none":
        raise WrongUse(
            f"expected reading.redshift of {environment.name} in config/environments.yaml to be "
            "role, got none: set it, and deploy the infrastructure"
        )
    names, account = environment.names, environment.account
    role = environment.role_arn(names.spectrum_role)
    for schema, database in (
        ("processed", names.processed_database),
        ("curated", names.curated_database),
        ("quality", names.quality_database),
    ):
        yield (
            f"CREATE EXTERNAL SCHEMA IF NOT EXISTS {schema}\n"
            f"FROM DATA CATALOG\nDATABASE '{database}'\nREGION '{account.aws_region}'\n"
            f"IAM_ROLE '{role}';"
        )
