"""DynamoDB tables for the state of the pipeline: objects, loads, runs, coordination."""

from __future__ import annotations

from typing import cast

import aws_cdk.aws_dynamodb as dynamodb
import aws_cdk.aws_kms as kms
from constructs import Construct

from config.naming import Names
from delivery.audit import explain
from infra_app.constructs.removal import removal
from wires.layout import PARTITION_KEY, SORT_KEY
from wires.load_ledger import OPEN_INDEX
from wires.message_ledger import EXPIRES
from wires.object_ledger import PENDING_INDEX
from wires.run_ledger import BY_START_INDEX


class StateTables(Construct):
    """Tables that are billed by use, encrypted, and restorable to any second of 35 days.

    If data is retained, `make protect` guards them against deletion after each deployment. In the
    template, that would keep CloudFormation from taking back a creation that failed.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        key: kms.IKey,
        retain: bool,
        forgets_messages: bool = False,
    ) -> None:
        """Make the tables. Some environments have queues as sources, whose messages are in the
        state table until no queue can have them any more."""
        super().__init__(scope, id)
        self._key = key
        self._retain = retain
        self.objects = self._table("Objects", names.objects_table, "key", sort="version_id")
        self.objects.add_global_secondary_index(
            index_name=PENDING_INDEX,
            partition_key=_text("pending_in"),
            sort_key=_text("registered_at"),
        )
        self.loads = self._table("Loads", names.loads_table, "load_id")
        self.loads.add_global_secondary_index(
            index_name=OPEN_INDEX,
            partition_key=_text("open_in"),
            sort_key=_text("created_at"),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        self.state = self._table("State", names.state_table, PARTITION_KEY, sort=SORT_KEY)
        if forgets_messages:
            resource = cast("dynamodb.CfnTable", self.state.node.default_child)
            resource.time_to_live_specification = dynamodb.CfnTable.TimeToLiveSpecificationProperty(
                attribute_name=EXPIRES, enabled=True
            )
        self.runs = self._table("Runs", names.runs_table, "job", sort="run_id")
        self.runs.add_local_secondary_index(index_name=BY_START_INDEX, sort_key=_text("started_at"))
        self.all = (self.objects, self.loads, self.state, self.runs)
        self._explain()

    def _explain(self) -> None:
        no_plan = "NIST.800.53.R5-DynamoDBInBackupPlan"
        explain(
            self.objects,
            {no_plan: "Any second of the last 35 days can be put back; older uploads are in raw."},
        )
        explain(
            self.loads,
            {no_plan: "Any second of the last 35 days can be put back; a load lives for hours."},
        )
        explain(
            self.state,
            {no_plan: "Any second of the last 35 days can be put back."},
        )
        explain(
            self.runs,
            {no_plan: "Any second of the last 35 days can be put back; Glue keeps runs as well."},
        )

    def _table(
        self, id: str, name: str, partition: str, *, sort: str | None = None
    ) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            id,
            table_name=name,
            partition_key=_text(partition),
            sort_key=_text(sort) if sort else None,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self._key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=removal(self._retain),
        )


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
