"""The schedule of a job."""

from __future__ import annotations

import aws_cdk.aws_glue as glue
from constructs import Construct

from glue_app.constructs.etl_job import EtlJob


class Schedule(Construct):
    """Starts a job at the times of a cron expression, in UTC."""

    def __init__(self, scope: Construct, id: str, *, job: EtlJob, cron: str) -> None:
        super().__init__(scope, id)
        glue.CfnTrigger(
            self,
            "Trigger",
            name=f"{job.name}-timer",
            description=f"Starts {job.name}",
            type="SCHEDULED",
            schedule=cron,
            start_on_creation=True,
            # By reference, so that the trigger is created after the job.
            actions=[glue.CfnTrigger.ActionProperty(job_name=job.job.job_name)],
        )
