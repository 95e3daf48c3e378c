"""SQL with which Redshift gets to know the databases. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config.environments import Environment
from operations.errors import WrongUse


def external_schemas(environment: Environment) -> Iterator[str]:
    """Yield one statement for each database that readers have, called as its zone is.

    Raises WrongUse where config makes no role for Redshift.

    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_SCHEMA.html
    """
    if not environment.settings.has_spectrum_role:
        raise WrongUse(
            f"expected reading.redshift of {environment.name} in config/environments.yaml to be "
            "role, or redshift.enabled to be true, got none and false: set one, and deploy the "
            "infrastructure"
        )
    role = environment.role_arn(environment.names.spectrum_role)
    for schema, database in _databases(environment).items():
        yield (
            f"CREATE EXTERNAL SCHEMA IF NOT EXISTS {schema}\n"
            f"FROM DATA CATALOG\nDATABASE '{database}'\n"
            f"REGION '{environment.account.aws_region}'\nIAM_ROLE '{role}';"
        )


def readers_role(environment: Environment) -> str:
    """Return the statement that makes the role; Redshift knows no IF NOT EXISTS for it.

    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_ROLE.html
    """
    return f'CREATE ROLE "{environment.settings.redshift.readers}";'


def readers_found(environment: Environment) -> str:
    """Return the question whether the role is there: one row, or none."""
    name = environment.settings.redshift.readers
    # Config takes letters, digits and _ only.
    return f"SELECT role_name FROM svv_roles WHERE role_name = '{name}';"  # noqa: S608


def grants(environment: Environment) -> Iterator[str]:
    """Yield what lets the role read each schema: rights on it are those on its tables."""
    for schema in _databases(environment):
        yield f'GRANT USAGE ON SCHEMA {schema} TO ROLE "{environment.settings.redshift.readers}";'


def _databases(environment: Environment) -> Mapping[str, str]:
    names = environment.names
    return {
        "processed": names.processed_database,
        "curated": names.curated_database,
        "quality": names.quality_database,
    }
