"""The AWS in this process: moto behind an HTTP endpoint that only this machine can reach."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from moto.core.base_backend import BackendDict
from moto.kinesis.models import kinesis_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends
from moto.utilities.utils import get_partition

from local_cloud.access.control import AccessControl
from local_cloud.access.sessions import Session
from local_cloud.calls import Calls
from local_cloud.http.aws_application import AwsApplication
from local_cloud.http.server import HttpServer
from local_cloud.http.watching import Watching
from local_cloud.isolation import (
    HOST,
    NO_SETTINGS,
    is_aws,
    isolated_environment,
    logged_to,
    no_proxy,
)
from local_cloud.moto_changes import moto_changed
from local_cloud.moto_lock import moto_lock
from local_cloud.s3.backend import FileS3Backend
from local_cloud.s3.bucket_folders import BucketFolders
from local_cloud.s3.keys import FileKey
from local_cloud.s3.stored_bytes import ObjectStore

_UTF_8 = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
"""Locale of child processes, as on AWS. In another one Java cannot name a file `ü.csv`."""
_KEYS = {"AWS_ACCESS_KEY_ID": "AKIALOCALCLOUD000000", "AWS_SECRET_ACCESS_KEY": "local"}


class InProcessAws:
    """One account in one region, empty at the start and gone at the end."""

    def __init__(
        self,
        *,
        account: str,
        region: str,
        work: Path,
        port: int = 0,
        access: AccessControl | None = None,
    ) -> None:
        self.account = account
        self.region = region
        self.access = access or AccessControl(account=account, region=region)
        self.endpoint = ""
        """Known once the context is entered."""
        self.calls = Calls()
        self.watching = Watching()
        self.folders = BucketFolders(work / "buckets")
        self._store = ObjectStore(work / "bytes")
        self._log = work / "logs" / "aws.log"
        self._port = port
        self._exit = ExitStack()
        self._clients: dict[tuple[str, str], Any] = {}

    def __enter__(self) -> InProcessAws:
        with ExitStack() as stack:
            stack.enter_context(logged_to(self._log))
            stack.enter_context(isolated_environment(self.account))
            stack.enter_context(moto_changed(self._store, self.folders))
            BackendDict.reset()
            stack.callback(FileKey.forget_all)
            stack.callback(BackendDict.reset)
            application = AwsApplication(
                find_key=self._find_key,
                store=self._store,
                calls=self.calls,
                access=self.access,
                watching=self.watching,
            )
            server = HttpServer(application, host=HOST, port=self._port)
            stack.callback(server.close)
            self.endpoint = f"http://{HOST}:{server.port}"
            self._exit = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients.values():
            client.close()
        self._exit.close()

    def client(self, service: str, session: Session | None = None) -> Any:
        """Return a boto3 client that cannot reach anything but this endpoint.

        It acts in a session of a role, or else as an administrator.
        """
        place = (service, session.access_key if session else "")
        # boto3's sessions are not thread-safe.
        with _clients_lock:
            if place not in self._clients:
                options = {**self._connection(), **_credentials(session)}
                self._clients[place] = _session().client(service, **options)
            return self._clients[place]

    def resource(self, service: str) -> Any:
        return _session().resource(service, **self._connection())

    def child_environment(self, session: Session | None = None) -> dict[str, str]:
        """Return an environment for programs that use this AWS, without the user's AWS settings.

        They act in a session of a role, or else as an administrator.
        """
        inherited = {name: value for name, value in os.environ.items() if not is_aws(name)}
        # A child imports from its assets, not from the source tree of whoever started this.
        inherited.pop("PYTHONPATH", None)
        return {
            **inherited,
            **(session.credentials if session else _KEYS),
            **NO_SETTINGS,
            **no_proxy(os.environ),
            "LC_ALL": _UTF_8,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }

    def put_file(self, bucket: str, key: str, path: Path) -> str:
        """Upload a file without taking its bytes through HTTP. Returns the version id."""
        stored = self._store.take_file(path)
        with moto_lock:
            return self._s3.put_object(bucket, key, stored).version_id

    def has_messages(self, queue: str) -> bool:
        """Whether a message can be received from a queue now."""
        with moto_lock:
            return bool(sqs_backends[self.account][self.region].get_queue(queue).messages)

    def records_sent(self, stream: str) -> int:
        """Return how many records have ever been put into a stream, and how many shards it has."""
        with moto_lock:
            found = kinesis_backends[self.account][self.region].streams.get(stream)
            shards = list(found.shards.values()) if found else []
            return sum(1 + len(shard.records) for shard in shards)

    @contextmanager
    def folders_in_use(self) -> Iterator[None]:
        """Let buckets follow changes in their folders for the block; at its end, take all over."""
        with moto_lock:
            FileS3Backend.watched += 1
        try:
            yield
        finally:
            with moto_lock:
                for bucket in self.folders.buckets:
                    self._s3.take_over(bucket)
                FileS3Backend.watched -= 1

    @property
    def _s3(self) -> FileS3Backend:
        backend: FileS3Backend = s3_backends[self.account][get_partition(self.region)]  # type: ignore[assignment]  # see moto_changes
        return backend

    def _find_key(self, bucket: str, key: str, version_id: str | None) -> FileKey | None:
        """Return the version that a reader would get, or None where S3 answers with an error."""
        with moto_lock:
            if bucket not in self._s3.buckets:
                return None
            found = self._s3.get_object(bucket, key, version_id)
            return found if isinstance(found, FileKey) else None

    def _connection(self) -> dict[str, Any]:
        quick = Config(
            proxies={},
            retries={"total_max_attempts": 1},
            read_timeout=600,
            s3={"addressing_style": "path"},
        )
        return {"endpoint_url": self.endpoint, "region_name": self.region, "config": quick}


def _credentials(session: Session | None) -> dict[str, str]:
    if session is None:
        return {}
    return {name.lower(): value for name, value in session.credentials.items()}


_clients_lock = threading.Lock()


@lru_cache
def _session() -> boto3.Session:
    """Return a session for all clouds, without endpoint and region: each takes half a second."""
    return boto3.Session(
        aws_access_key_id=_KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=_KEYS["AWS_SECRET_ACCESS_KEY"],
        botocore_session=botocore.session.Session(),
    )
