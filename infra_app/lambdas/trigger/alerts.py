"""Messages to people, through the alerts topic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wires.alerts import send_alert
from wires.load_ledger import Load
from wires.manifest import ObjectVersion
from wires.refusals import Refusal

from .refusal_texts import TEXTS
from .settings import FunctionSettings


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """Sends each alert as one message with a subject."""

    sns: Any
    topic_arn: str
    """Topic of failures."""
    recoveries_topic_arn: str

    @classmethod
    def of(cls, settings: FunctionSettings, sns: Any) -> Alerts:
        """Return the alerts of a function, which go through a boto3 SNS client."""
        return cls(
            sns=sns,
            topic_arn=settings.alerts_topic_arn,
            recoveries_topic_arn=settings.recoveries_topic_arn,
        )

    def job_failed(self, job: str, run_id: str, reason: str) -> None:
        self._send(
            "Job failed",
            f"Run {run_id} of {job} failed: {reason}",
            "Nothing half-made is visible; the next run makes up for what this one has left "
            "undone.",
        )

    def job_works(self, job: str, run_id: str) -> None:
        self._recovered(f"Job works: {job}", f"Run {run_id} of {job} succeeded; the last had not.")

    def unknown_run(self, job: str, run_id: str, started_at: str) -> None:
        self._send(
            "Unknown run",
            f"Run {run_id} of {job} was started at {started_at}, and not by the platform: it has "
            "no load.",
            "It publishes nothing, and is paid for. Loads are started by the trigger alone; to try "
            "one again, redrive it.",
        )

    def load_failed(self, load: Load, verdict: str) -> None:
        self._send(
            "Load failed",
            f"Load {load.load_id} of s3://{load.bucket} {verdict}",
            "Its objects are 'failed' in the object ledger.",
        )

    def workflow_failed(self, workflow: str, *, failures: int, job: str, reason: str) -> None:
        self._send(
            "Workflow failed",
            f"{failures} runs of workflow {workflow} in a row failed, the last in {job}: {reason}",
            "Tables that it names are as they were, the others are up to date. The next upload or "
            "the schedule starts it again; so does aws glue start-workflow-run.",
        )

    def upload_undecided(self, bucket: str, version: ObjectVersion, reason: str) -> None:
        self._send(
            "Upload failed",
            f"s3://{bucket}/{version.key} (version {version.version_id}) was not taken in: "
            f"{reason}",
            "It is 'failed' in the object ledger, and is kept in the bucket as it was uploaded.",
        )

    def events_given_up(self, problems: Sequence[str]) -> None:
        """Tell of messages that go to the dead letters; one alert for all of a batch."""
        most = 20
        more = [f"… and {len(problems) - most} more"] if len(problems) > most else []
        self._send(
            "Events given up",
            f"{len(problems)} events could not be handled, however often they came. They are dead "
            "letters now, which are kept for 14 days: remove the reason, then redrive them.",
            *problems[:most],
            *more,
        )

    def dispatcher_failed(self, reason: str) -> None:
        self._send(
            "Dispatcher failed",
            f"No run can be started: {reason}",
            "Uploads wait, and nothing of them is lost. It is tried again at each event and at "
            "least every minute; the function's log has the details.",
        )

    def starts_refused(self, job: str, refusals: Sequence[Refusal]) -> None:
        """Tell that runs of a job are refused for one kind of reason, and since when."""
        last = max(refusals, key=lambda refusal: refusal.times)
        text = TEXTS[last.kind]
        self._send(
            f"Cannot go on: {job}",
            f"Since {min(refusal.since for refusal in refusals)}, runs of {job} {text.meaning} "
            f"({len(refusals)} of them): {last.reason}",
            text.advice,
            "They are tried again by themselves, at least every hour, and use up no attempts. You "
            "get one more message when this is over.",
        )

    def starts_work(self, job: str, reason: str) -> None:
        self._recovered(
            f"Goes on: {job}", f"Over for {job}, nothing waits for it any more: {reason}"
        )

    def workflow_works(self, workflow: str) -> None:
        self._recovered(
            f"Workflow works: {workflow}", f"A run of workflow {workflow} succeeded again."
        )

    def _recovered(self, subject: str, *lines: str) -> None:
        send_alert(self.sns, self.recoveries_topic_arn, subject, *lines)

    def _send(self, subject: str, *lines: str) -> None:
        send_alert(self.sns, self.topic_arn, subject, *lines)
