"""Errors of tables and of commits to them."""

from __future__ import annotations

from lake.errors import LakeError


class CommitLost(LakeError):
    """Other commits came first at every attempt; nothing of this one is visible."""


class FileReplaced(LakeError):
    """A file that a commit was to replace is not in the table any more."""


class ForeignDeletes(LakeError):
    """A writer other than this platform has marked rows of the table as deleted."""


class MadeForOtherColumns(LakeError):
    """Files carry other field ids than the table that they are to be published to."""


class OtherPartitions(LakeError):
    """A table is partitioned by day and should not be, or the other way round."""


class NoSuchSnapshot(LakeError):
    """A table does not keep the snapshot that was asked for."""
