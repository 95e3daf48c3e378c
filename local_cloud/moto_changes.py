"""Replaces the few parts of moto for which this package has its own.

Each is put back at the end, so that tests that use moto by itself find it unchanged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.cloudformation import models as stack_models
from moto.cloudformation import parsing
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.glue import models as glue_models
from moto.glue import responses as glue_responses
from moto.glue.responses import GlueResponse
from moto.s3 import models as s3_models
from moto.s3 import notifications
from moto.s3 import responses as _s3_responses  # noqa: F401 - see below
from moto.sqs.models import Queue

from local_cloud.events.s3_events import send_object_event
from local_cloud.glue.crawlers import LocalCrawler
from local_cloud.glue.start import start_job_run
from local_cloud.glue.stop import batch_stop_job_run
from local_cloud.glue.triggers import LocalTrigger, predicate_of
from local_cloud.glue.workflow_api import get_workflow, get_workflow_run, get_workflow_runs
from local_cloud.glue.workflows import LocalWorkflow
from local_cloud.moto_filters import FILTERS
from local_cloud.moto_queues import QueueAttributes, VisibleMessages, delete_message
from local_cloud.moto_tables import query, serialize_structure, transact_write_items
from local_cloud.s3.backend import FileS3Backend
from local_cloud.s3.bucket_folders import BucketFolders
from local_cloud.s3.keys import FileKey, FileMultipart
from local_cloud.s3.names import OrderedKeyStore
from local_cloud.s3.stored_bytes import ObjectStore

# `moto.s3.responses` takes classes from `moto.s3.models` by name. If it were first imported
# while they are replaced, it would keep the replacements for good.


@contextmanager
def moto_changed(store: ObjectStore, folders: BucketFolders) -> Iterator[None]:
    """Give moto bytes in files, real events and the resource types that it lacks, for the block."""
    _forget_resource_types()
    with ExitStack() as stack:
        stack.callback(_forget_resource_types)
        for target, name, replacement in (
            (s3_models, "FakeKey", FileKey),
            (s3_models, "_VersionedKeyStore", OrderedKeyStore),
            (s3_models, "FakeMultipart", FileMultipart),
            (s3_models.s3_backends, "backend", FileS3Backend),
            (stack_models.Stack, "parse_template", staticmethod(_parsed)),
            (Table, "query", query),
            (BaseJSONSerializer, "_serialize_type_structure", serialize_structure),
            (DynamoDBBackend, "transact_write_items", transact_write_items),
            (Queue, "attributes", property(QueueAttributes)),
            (Queue, "messages", property(VisibleMessages)),
            (Queue, "delete_message", delete_message),
            (notifications, "_send_event_bridge_message", send_object_event),
            (glue_models, "FakeCrawler", LocalCrawler),
            (glue_models, "FakeTrigger", LocalTrigger),
            (glue_models, "FakeWorkflow", LocalWorkflow),
            (glue_responses, "Predicate", predicate_of),
            (GlueResponse, "batch_stop_job_run", batch_stop_job_run),
            (GlueResponse, "get_workflow", get_workflow),
            (GlueResponse, "get_workflow_run", get_workflow_run),
            (GlueResponse, "get_workflow_runs", get_workflow_runs),
            (GlueResponse, "start_job_run", start_job_run),
            *FILTERS,
            (FileKey, "store", store),
            (FileS3Backend, "folders", folders),
            (FileS3Backend, "watched", 0),
        ):
            stack.enter_context(replaced(target, name, replacement))
        yield


@contextmanager
def replaced(target: Any, name: str, replacement: object) -> Iterator[None]:
    """Put something else into a part of moto for the block."""
    missing = object()
    before = vars(target).get(name, missing)
    setattr(target, name, replacement)
    try:
        yield
    finally:
        if before is missing:
            delattr(target, name)
        else:
            setattr(target, name, before)


def _parsed(template: str) -> dict[str, Any]:
    """Parse a template that the CDK wrote. moto reads JSON as YAML, which takes a second."""
    parsed: dict[str, Any] = json.loads(template)
    return parsed


def _forget_resource_types() -> None:
    """Let moto list its resource types anew: it remembers the first list."""
    for remembered in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        remembered.cache_clear()
