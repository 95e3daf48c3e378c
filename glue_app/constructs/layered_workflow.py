"""The layered workflow: ingestion, then processing, then quality, with crawlers beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk.aws_glue as glue
from constructs import Construct

from config.naming import Names
from glue_app.constructs.crawlers import Crawlers
from glue_app.constructs.etl_job import EtlJob


class LayeredWorkflow(Construct):
    """The workflow of three jobs.

    Processing starts when ingestion has succeeded. Quality starts when processing has ended in any
    state: a table that failed does not keep the others from readers.

    A workflow has one start trigger. This one starts on demand, by the dispatcher, which also
    handles the schedule, or by people. Only one run at a time: two would wait for each other at
    every curated table. Glue's events for the end of each job report failures.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        ingestion: EtlJob,
        processing: EtlJob,
        quality: EtlJob,
        crawlers: Crawlers,
        run_crawlers: bool,
    ) -> None:
        super().__init__(scope, id)
        self._workflow = glue.CfnWorkflow(
            self,
            "Workflow",
            name=names.workflow,
            description="Uploads below a day's folder to curated tables",
            max_concurrent_runs=1,
        )
        self._names = names
        self._last: glue.CfnTrigger | None = None
        after_ingestion = [_job(processing)]
        after_quality: list[glue.CfnTrigger.ActionProperty] = []
        if run_crawlers:
            after_ingestion += [_crawler(crawlers.raw), _crawler(crawlers.processed)]
            after_quality += [_crawler(crawlers.curated)]
        self._trigger("Start", [_job(ingestion)], after=None)
        self._trigger("Ingested", after_ingestion, after=ingestion)
        ended = ("SUCCEEDED", "FAILED", "TIMEOUT")
        self._trigger("Processed", [_job(quality)], after=processing, states=ended)
        if after_quality:
            self._trigger("Judged", after_quality, after=quality)

    def _trigger(
        self,
        id: str,
        actions: Sequence[glue.CfnTrigger.ActionProperty],
        *,
        after: EtlJob | None,
        states: Sequence[str] = ("SUCCEEDED",),
    ) -> None:
        condition: Mapping[str, Any] = (
            {"type": "ON_DEMAND"}
            if after is None
            else {
                "type": "CONDITIONAL",
                "start_on_creation": True,
                "predicate": glue.CfnTrigger.PredicateProperty(
                    logical="ANY" if len(states) > 1 else None,
                    conditions=[
                        glue.CfnTrigger.ConditionProperty(
                            # By reference, so that the trigger is created after the job.
                            job_name=after.job.job_name,
                            logical_operator="EQUALS",
                            state=state,
                        )
                        for state in states
                    ],
                ),
            }
        )
        trigger = glue.CfnTrigger(
            self,
            id,
            name=f"{self._names.workflow}-{id.lower()}",
            workflow_name=self._names.workflow,
            actions=list(actions),
            **condition,
        )
        trigger.add_resource_dependency(self._workflow)
        # Made or deleted side by side, all but one would fail: Glue changes the workflow's graph
        # for each, and answers "Workflow was modified while adding trigger".
        if self._last is not None:
            trigger.add_resource_dependency(self._last)
        self._last = trigger


def _job(job: EtlJob) -> glue.CfnTrigger.ActionProperty:
    return glue.CfnTrigger.ActionProperty(job_name=job.job.job_name)


def _crawler(crawler: glue.CfnCrawler) -> glue.CfnTrigger.ActionProperty:
    return glue.CfnTrigger.ActionProperty(crawler_name=crawler.ref)
