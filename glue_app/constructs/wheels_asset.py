"""A zip of wheels in the CDK's bucket, under a name that Glue recognizes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import aws_cdk as cdk
from constructs import Construct


class WheelsAsset(Construct):
    """An asset whose name ends with `.gluewheels.zip`.

    Glue recognizes a zip of wheels by that ending. The CDK names assets after their hash and keeps
    only `.zip` of a file's name, so the rest of the ending becomes part of the hash.
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
        """Arguments of a job that needs the wheels."""
