"""Messages to people, through the alerts topic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wires.load_ledger import Load


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """Sends each alert as one message with a subject."""

    sns: Any
    topic_arn: str

    def job_failed(self, job: str, run_id: str, reason: str) -> None:
        self._send(
            "Job failed",
            f"Run {run_id} of {job} failed: {reason}\nNothing half-made is visible; the "
            "next run makes up for what this one has left undone.",
        )

    def load_failed(self, load: Load, verdict: str) -> None:
        self._send(
            "Load failed",
            f"Load {load.load_id} of s3://{load.bucket} {verdict}\n"
            "Its objects are 'failed' in the object ledger.",
        )

    def workflow_failed(self, workflow: str, *, failures: int, job: str, reason: str) -> None:
        self._send(
            "Workflow failed",
            f"{failures} runs of workflow {workflow} in a row failed, the last "
            f"in {job}: {reason}\nTables that it names are as they were, the others are up to "
            "date. The next upload or the schedule starts it again; so does aws glue "
            "start-workflow-run.",
        )

    def _send(self, subject: str, message: str) -> None:
        self.sns.publish(TopicArn=self.topic_arn, Subject=subject, Message=message)
