"""What can be wrong with a table, or a commit to it."""

from __future__ import annotations

from lake.errors import LakeError


class CommitLost(LakeError):
    """Others have committed to the table each time; nothing of this commit is visible."""


class FileReplaced(LakeError):
    """A file that a commit was to replace is not in the table any more."""


class ForeignDeletes(LakeError):
    """Rows of the table are marked as deleted by somebody who is not this platform."""


class MadeForOtherColumns(LakeError):
    """Files carry other field ids than the table that they are to be published to."""


class OtherPartitions(LakeError):
    """A table has days and is not to have any, or the other way round."""


class NoSuchSnapshot(LakeError):
    """A table does not keep what somebody asks for."""
