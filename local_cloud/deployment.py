"""Deploys stacks into the AWS of this process, as their templates have them."""

from __future__ import annotations

import json
import logging
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.parsing import get_model_map
from moto.glue.models import glue_backends

from local_cloud.access import resources as _policies
from local_cloud.assembly import Asset, Stack
from local_cloud.aws import InProcessAws
from local_cloud.cloudformation import without_effect
from local_cloud.ec2 import resources as _networks
from local_cloud.errors import DeploymentError, UnsupportedResourceError
from local_cloud.events import resources as _events
from local_cloud.functions import resources as _functions
from local_cloud.glue import crawler_resources as _crawlers
from local_cloud.glue import flow_resources as _flows
from local_cloud.glue import resources as _glue
from local_cloud.moto_lock import moto_lock
from local_cloud.s3 import resources as _s3

BOOTSTRAP_VERSION = "/cdk-bootstrap/hnb659fds/version"

# moto finds resource types among the subclasses that have been imported.
RESOURCE_MODULES = (
    without_effect,
    _crawlers,
    _events,
    _flows,
    _functions,
    _glue,
    _networks,
    _policies,
    _s3,
)


class Deployment:
    """Deploys stacks, one after the other."""

    def __init__(self, aws: InProcessAws) -> None:
        self._aws = aws
        self._uploaded: set[tuple[str, str]] = set()

    def deploy(self, stacks: Iterable[Stack]) -> None:
        """Deploy stacks.

        Raises DeploymentError, or UnsupportedResourceError before anything is made.
        """
        ordered = list(stacks)
        for stack in ordered:
            check_types(stack)
        self._bootstrap()
        for stack in ordered:
            for asset in stack.assets:
                self._upload(asset)
            self._create(stack)
        self._aws.access.forget()
        _flows.check_flows(glue_backends[self._aws.account][self._aws.region])

    def _bootstrap(self) -> None:
        self._aws.client("ssm").put_parameter(
            Name=BOOTSTRAP_VERSION, Value="30", Type="String", Overwrite=True
        )

    def _create(self, stack: Stack) -> None:
        # Not over HTTP, where a resource's error would come back as a page about a server error.
        backend = cloudformation_backends[self._aws.account][self._aws.region]
        with _complaints() as complaints:
            try:
                with moto_lock:
                    backend.create_stack(
                        name=stack.name, template=json.dumps(stack.template), parameters={}
                    )
            except UnsupportedResourceError:
                raise
            except Exception as error:
                raise DeploymentError(
                    f"stack {stack.name} ({stack.template_file}) cannot be deployed: "
                    f"{type(error).__name__}: {error}"
                ) from error
        if complaints:
            raise DeploymentError(
                f"stack {stack.name} ({stack.template_file}) is deployed only in part: "
                + "; ".join(complaints)
            )

    def _upload(self, asset: Asset) -> None:
        if (asset.bucket, asset.key) in self._uploaded:
            return
        s3 = self._aws.client("s3")
        if asset.bucket not in self._aws.folders.buckets:
            s3.create_bucket(
                Bucket=asset.bucket,
                CreateBucketConfiguration={"LocationConstraint": self._aws.region},
            )
        body = zipped(asset.source) if asset.is_folder else asset.source.read_bytes()
        s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=body)
        self._uploaded.add((asset.bucket, asset.key))


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Collect what moto would only log, such as an attribute that it does not have."""
    complaints: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            complaints.append(record.getMessage())

    collector = Collector(logging.WARNING)
    logger = logging.getLogger("moto")
    logger.addHandler(collector)
    try:
        yield complaints
    finally:
        logger.removeHandler(collector)


def check_types(stack: Stack) -> None:
    """Raises UnsupportedResourceError for types neither handled nor known to have no effect."""
    known: Mapping[str, Any] = get_model_map()
    unknown = [
        f"{name} ({resource['Type']})"
        for name, resource in stack.template["Resources"].items()
        if resource["Type"] not in known
    ]
    if unknown:
        raise UnsupportedResourceError(
            f"{stack.template_file} has resources that a laptop cannot stand in for: "
            f"{', '.join(unknown)}. Add the type to local_cloud, or, if it makes no difference "
            "here, to local_cloud/cloudformation/without_effect.py with the reason."
        )


def zipped(folder: Path) -> bytes:
    """Return the folder zipped as the CDK would publish it; equal folders give equal bytes."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())
                entry.external_attr = 0o644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes())
    return target.getvalue()
