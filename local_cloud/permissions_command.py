"""`permissions`: what roles may do that no recorded run has used."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from local_cloud.access.granted import granted, used
from local_cloud.access.unused import (
    permissions_in,
    reasons_in,
    stale,
    unexplained,
    write_permissions,
)
from local_cloud.errors import UsageError
from local_cloud.platform import deployed
from local_cloud.synthesis import ROOT
from operations.progress import Progress

GRANTED = ROOT / "tests" / "contract" / "granted_permissions.txt"
USED = ROOT / "tests" / "contract" / "used_permissions.txt"
REASONS = ROOT / "tests" / "contract" / "unused_permissions.yaml"


def permissions(records: Sequence[Path], *, write: bool, environment: str) -> bool:
    """Print unused permissions with their reasons. Returns whether each has one.

    With `write`, what roles may do and what the records say become the lists that tests compare to.
    Raises UsageError for a record that is not there.
    """
    missing = [str(record) for record in records if not record.is_file()]
    if missing:
        raise UsageError(
            f"there is no record {', '.join(missing)}: LOCAL_CLOUD_PERMISSIONS makes it"
        )
    with deployed(environment, progress=Progress()) as platform:
        allowed = granted(platform.names)
        known = (used(records, platform.names) if records else permissions_in(USED)) & allowed
    if write:
        write_permissions(USED, known)
        write_permissions(GRANTED, allowed)
    reasons = reasons_in(REASONS)
    unused = allowed - known
    for reason in reasons:
        print(f"{reason.reason}")
        for one in sorted(one for one in unused if reason.covers(one)):
            print(f"  {one}")
    without = unexplained(unused, reasons)
    old = stale(unused, reasons)
    print(
        f"{len(allowed)} permissions, {len(unused)} of them unused, {len(without)} without reason"
    )
    for one in without:
        print(f"unused, and no reason in {REASONS.name}: {one}")
    for reason in old:
        print(f"explains nothing any more: {reason.role} {reason.action} {reason.resource}")
    return not (without or old)
