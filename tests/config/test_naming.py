"""Physical names, and the limits of AWS on them."""

from __future__ import annotations

import boto3
import pytest

from config.errors import NamingError
from config.naming import Names
from config.regions import REGIONS


def any_names(
    *,
    project: str = "glue-etl-pipeline",
    environment: str = "dev",
    account: str = "222222222222",
    region: str = "eu-central-1",
) -> Names:
    return Names(project=project, environment=environment, account=account, region=region)


def test_a_bucket_is_named_after_project_environment_zone_account_and_region() -> None:
    assert any_names().raw_bucket == "glue-etl-pipeline-dev-raw-222222222222-eu-central-1"


def test_a_database_name_needs_no_quotes_in_sql() -> None:
    assert any_names().processed_database == "glue_etl_pipeline_dev_processed"


def test_no_two_things_of_an_account_have_one_name() -> None:
    dev, prod = any_names(environment="dev"), any_names(environment="prod")
    names = [*dev.buckets, *prod.buckets, *dev.databases, *prod.databases]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_the_shipped_project_fits_every_environment_of_its_region(environment: str) -> None:
    assert all(len(bucket) <= 63 for bucket in any_names(environment=environment).buckets)


def test_a_name_that_aws_would_refuse_is_refused_first() -> None:
    with pytest.raises(NamingError, match=r"\(64 characters\).*3 to 63 characters"):
        any_names(project="glue-etl-pipeline-xyz", environment="prod")


def test_every_region_that_has_glue_is_known() -> None:
    session = boto3.Session()
    offered = {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("glue", partition_name=partition)
    }
    assert offered <= REGIONS
