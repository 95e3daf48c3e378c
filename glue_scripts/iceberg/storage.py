"""Iceberg's metadata files in S3: one request for each file that is written or read."""

from __future__ import annotations

import io
from typing import Any

from botocore.exceptions import ClientError
from pyiceberg.io import FileIO, InputFile, InputStream, OutputFile, OutputStream

from lake.store import client
from wires.layout import SUPERSEDED

_MISSING = frozenset({"NoSuchKey", "404"})


class S3FileIO(FileIO):
    """PyIceberg's access to metadata files; named in a catalog's `py-io-impl`.

    Metadata files are small, and immutable once written, so there are no multipart uploads, no
    listings and no second requests.
    """

    def new_input(self, location: str) -> InputFile:
        return _Input(location)

    def new_output(self, location: str) -> OutputFile:
        return _Output(location)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Tag a file for removal by the bucket's lifecycle, since a reader may still use it."""
        place = location if isinstance(location, str) else location.location
        client("s3").put_object_tagging(**place_of(place), Tagging=SUPERSEDED)


def place_of(location: str) -> dict[str, str]:
    """Return bucket and key of an `s3://` location, as arguments for boto3."""
    bucket, key = location.removeprefix("s3://").split("/", 1)
    return {"Bucket": bucket, "Key": key}


class _Input(InputFile):
    def __len__(self) -> int:
        return int(client("s3").head_object(**place_of(self.location))["ContentLength"])

    def exists(self) -> bool:
        return _exists(self.location)

    def open(self, seekable: bool = True) -> InputStream:  # noqa: ARG002
        # The argument is part of PyIceberg's interface.
        try:
            answer = client("s3").get_object(**place_of(self.location))
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                # People see this reason; S3's own does not name the object.
                raise FileNotFoundError(f"{self.location} does not exist (any more)") from None
            raise
        return io.BytesIO(answer["Body"].read())


class _Output(OutputFile):
    _stream: _Stream | None = None

    def __len__(self) -> int:
        """Return the file's size, without a request if it was written through this object."""
        size = self._stream.size if self._stream else None
        return len(self.to_input_file()) if size is None else size

    def exists(self) -> bool:
        return _exists(self.location)

    def to_input_file(self) -> InputFile:
        return _Input(self.location)

    def create(self, overwrite: bool = False) -> OutputStream:
        self._stream = _Stream(self.location, overwrite=overwrite)
        return self._stream


class _Stream(io.BytesIO):
    """An output stream that is stored when closed, as a whole or not at all.

    What nobody closes, or S3 has refused, is not stored when the object is collected: that would
    be at any time, in the middle of something else.
    """

    def __init__(self, location: str, *, overwrite: bool) -> None:
        super().__init__()
        self._place = place_of(location)
        self._condition: dict[str, Any] = {} if overwrite else {"IfNoneMatch": "*"}
        self.size: int | None = None
        """Size in bytes, once stored."""

    def close(self) -> None:
        if self.closed:
            return
        body = self.getvalue()
        super().close()
        client("s3").put_object(**self._place, Body=body, **self._condition)
        self.size = len(body)

    def __del__(self) -> None:
        super().close()

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self.close()
        else:
            super().close()


def _exists(location: str) -> bool:
    try:
        client("s3").head_object(**place_of(location))
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return False
        raise
    return True
