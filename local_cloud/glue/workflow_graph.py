"""A workflow as a graph, with what came of each node so far.

https://docs.aws.amazon.com/glue/latest/dg/workflows_api_concepts.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from local_cloud.glue.flow import Execution
from local_cloud.glue.triggers import LocalTrigger, Node, NodeKind

_DETAILS = {NodeKind.JOB: ("JobDetails", "JobRuns"), NodeKind.CRAWLER: ("CrawlerDetails", "Crawls")}


def graph_of(
    triggers: Sequence[LocalTrigger], executions: Sequence[Execution] = ()
) -> dict[str, Any]:
    """Return a workflow's graph; a job or crawler has details only if executions have its runs."""
    edges = list(dict.fromkeys(_edges(triggers)))
    nodes = list(dict.fromkeys(node for edge in edges for node in edge))
    by_name = {trigger.name: trigger for trigger in triggers}
    return {
        "Nodes": [
            {
                "Type": node.kind.value,
                "Name": node.name,
                "UniqueId": _id(node),
                **(
                    {"TriggerDetails": {"Trigger": by_name[node.name].as_dict()}}
                    if node.kind is NodeKind.TRIGGER
                    else _details(node, executions)
                ),
            }
            for node in nodes
        ],
        "Edges": [
            {"SourceId": _id(source), "DestinationId": _id(destination)}
            for source, destination in edges
        ],
    }


def _edges(triggers: Sequence[LocalTrigger]) -> Iterator[tuple[Node, Node]]:
    for trigger in triggers:
        this = Node(NodeKind.TRIGGER, trigger.name)
        yield from ((outcome.node, this) for outcome in trigger.waits_for)
        yield from ((this, node) for node in trigger.starts)


def _details(node: Node, executions: Sequence[Execution]) -> dict[str, Any]:
    name, runs = _DETAILS[node.kind]
    described = [one.running.in_graph() for one in executions if one.node == node]
    return {name: {runs: described}} if described else {}


def _id(node: Node) -> str:
    return f"wnode_{hashlib.sha256('/'.join(node).encode()).hexdigest()}"
