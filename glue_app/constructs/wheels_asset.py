"""A zip of wheels in the CDK's bucket, under a name that Glue takes for one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import aws_cdk as cdk
from constructs import Construct


class WheelsAsset(Construct):
    """Glue tells a zip of wheels by the end of its name, `.gluewheels.zip`. The CDK names assets
    after their hash, and keeps of a file's name no more than `.zip`; so the rest of the ending is
    made part of the hash.
    """

    def __init__(self, scope: Construct, id: str, *, path: Path) -> None:
        super().__init__(scope, id)
        stack = cdk.Stack.of(self)
        staged = cdk.AssetStaging(self, "Staged", source_path=str(path))
        place = stack.synthesizer.add_file_asset(
            source_hash=f"{staged.asset_hash}.gluewheels",
            file_name=staged.relative_staged_path(stack),
            packaging=cdk.FileAssetPackaging.FILE,
        )
        self.arguments: Mapping[str, str] = {
            "--additional-python-modules": f"s3://{place.bucket_name}/{place.object_key}",
            "--python-modules-installer-option": "--no-index",
        }
        """Of a job that needs them."""
