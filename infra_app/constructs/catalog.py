"""The Glue databases."""

from __future__ import annotations

import aws_cdk.aws_glue as glue
import aws_cdk.aws_s3 as s3
from constructs import Construct

from config.naming import Names
from infra_app.constructs.data_buckets import DataBuckets
from infra_app.constructs.removal import removal


class Catalog(Construct):
    """One database for each zone that holds tables, which are stored in the zone's bucket.

    `discovery` is for tables that crawlers find anywhere, separate from those that jobs publish.
    """

    def __init__(
        self, scope: Construct, id: str, *, names: Names, buckets: DataBuckets, retain: bool
    ) -> None:
        super().__init__(scope, id)
        self._removal = removal(retain)
        self.processed = self._database("Processed", names.processed_database, buckets.processed)
        self.curated = self._database("Curated", names.curated_database, buckets.curated)
        self.quality = self._database("Quality", names.quality_database, buckets.quality)
        self.discovery = self._database("Discovery", names.discovery_database, buckets.quality)

    def _database(self, id: str, name: str, bucket: s3.IBucket) -> glue.Database:
        database = glue.Database(
            self, id, database_name=name, location_uri=f"s3://{bucket.bucket_name}/"
        )
        database.apply_removal_policy(self._removal)
        return database
