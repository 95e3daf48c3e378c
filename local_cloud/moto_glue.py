"""Makes moto's Glue catalog behave as on AWS where it does not."""

from __future__ import annotations

import threading
from functools import wraps

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.glue.responses import GlueResponse

_lock = threading.RLock()
_as_moto_has_it = GlueResponse.update_table


@wraps(_as_moto_has_it)
def _update_table(self: GlueResponse) -> ActionResult:
    """Refuse an update of a table that is no longer at the version that the writer has seen.

    moto ignores `VersionId`: of two writers at once, the first one's commit would be lost.
    """
    wanted = self.parameters.get("VersionId")
    with _lock:
        table = self.glue_backend.get_table(
            self.parameters["DatabaseName"], self.parameters["TableInput"]["Name"]
        )
        current = str(table.as_dict()["VersionId"])
        if wanted is not None and str(wanted) != current:
            raise JsonRESTError(
                "ConcurrentModificationException",
                "Update table failed due to concurrent modifications.",
            )
        return _as_moto_has_it(self)


def honour_table_versions() -> None:
    """Let UpdateTable refuse a stale `VersionId`, in this process from now on."""
    GlueResponse.update_table = _update_table  # type: ignore[method-assign]
