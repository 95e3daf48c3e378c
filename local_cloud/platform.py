"""The product in a cloud on a laptop: its places, its ledgers, and whether it is done."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.boundaries import Boundary
from config.environments import Environment, load_environments
from config.naming import Names
from local_cloud.assembly import Stack, stacks_of
from local_cloud.catalog.files import GlueCatalog
from local_cloud.catalog.reader import CatalogReader
from local_cloud.cloud import LocalCloud
from local_cloud.errors import UsageError
from local_cloud.synthesis import synthesized
from local_cloud.work_folder import new_work_folder
from operations.account_policies.boundary import boundary_document
from operations.progress import Progress
from wires.layout import manifest_key
from wires.manifest import Manifest
from wires.object_ledger import ObjectLedger, ObjectStatus
from wires.run_ledger import RunLedger

OPEN = frozenset({ObjectStatus.PENDING.value, ObjectStatus.RUNNING.value})


@dataclass(frozen=True, kw_only=True)
class Upload:
    """One version of one object in the raw bucket, and what the ledger says of it."""

    key: str
    version_id: str
    entry: Mapping[str, Any]

    @property
    def is_open(self) -> bool:
        return str(self.entry.get("status", ObjectStatus.PENDING.value)) in OPEN


class Platform:
    """One environment's main job, seen from outside: what went in and what came of it."""

    def __init__(self, cloud: LocalCloud, names: Names) -> None:
        self.cloud = cloud
        self.names = names
        self.objects = ObjectLedger(cloud.table(names.objects_table))
        self.runs = RunLedger(cloud.table(names.runs_table))
        self.catalog = GlueCatalog(glue=cloud.client("glue"), s3=cloud.client("s3"))
        self.reader = CatalogReader(glue=cloud.client("glue"), s3=cloud.client("s3"))

    def upload(self, key: str, path: Path) -> str:
        """Upload a file. Returns the version id."""
        return self.cloud.upload(self.names.raw_bucket, key, path)

    def settle(self) -> None:
        """Work until every upload has ended, or nothing moves any more."""
        self.cloud.settle(self.unfinished)

    def unfinished(self) -> int:
        return sum(upload.is_open for upload in self.uploads())

    def uploads(self) -> Iterator[Upload]:
        """Yield every version in the raw bucket by key and age, known to the ledger or not."""
        # By version alone: XML turns a line end in a listed key (`Icon\r`) into another one.
        entries = {item["version_id"]: item for item in self.objects.all_objects()}
        for key, version_id in self._versions():
            entry = entries.get(version_id, {})
            yield Upload(key=entry.get("key", key), version_id=version_id, entry=entry)

    def objects_of_load(self, load_id: str) -> int:
        """Return how many object versions the manifest of a load names."""
        s3 = self.cloud.client("s3")
        try:
            answer = s3.get_object(Bucket=self.names.assets_bucket, Key=manifest_key(load_id))
        except s3.exceptions.NoSuchKey:
            return 0
        return len(Manifest.from_json(answer["Body"].read()).objects)

    def _versions(self) -> Iterator[tuple[str, str]]:
        pages = self.cloud.client("s3").get_paginator("list_object_versions")
        of_key: list[tuple[str, str]] = []
        for page in pages.paginate(Bucket=self.names.raw_bucket):
            for version in page.get("Versions", []):
                if of_key and of_key[0][0] != version["Key"]:
                    yield from reversed(of_key)
                    of_key = []
                of_key.append((version["Key"], version["VersionId"]))
        yield from reversed(of_key)


def configured(environment: str) -> Environment:
    """Return what config says of an environment. Raises UsageError if it does not have it."""
    known = {one.name: one for one in load_environments().all}
    for name, found in known.items():
        if name == environment:
            return found
    raise UsageError(
        f"config/environments.yaml has no environment {environment!r}; it has {', '.join(known)}"
    )


def stacks_and_names(environment: str) -> tuple[list[Stack], Names]:
    """Synthesize both apps; return their stacks and the names of things in the environment."""
    names = configured(environment).names
    assemblies = synthesized()
    return [s for path in assemblies for s in stacks_of(path, environment=environment)], names


def boundaries_of(environment: Environment) -> Mapping[str, str]:
    """Return the permissions boundary of the environment's roles, which bootstrap puts there."""
    document = boundary_document(environment.project, Boundary.ENVIRONMENT, environment.account)
    return {environment.boundary_arn: document}


@contextmanager
def deployed(
    environment: str,
    *,
    progress: Progress,
    port: int = 0,
    runs_at_once: int | None = None,
) -> Iterator[Platform]:
    """Deploy the platform in a cloud of its own, which ends with the context.

    `runs_at_once` is how many runs of jobs the machine has room for, as of `LocalCloud`.

    Raises UsageError for an environment that config does not have, or a port that is taken.
    """
    _check_free(port)
    with progress.step("synthesizing infra_app and glue_app"):
        stacks, names = stacks_and_names(environment)
    cloud = LocalCloud.for_stacks(
        stacks,
        port=port,
        work=new_work_folder(),
        say=progress.say,
        boundaries=boundaries_of(configured(environment)),
        runs_at_once=runs_at_once,
    )
    with cloud:
        with progress.step(f"deploying {' and '.join(stack.name for stack in stacks)}"):
            cloud.deploy(stacks)
        yield Platform(cloud, names)


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UsageError(f"port {port} cannot be had ({error}): name another one") from error
