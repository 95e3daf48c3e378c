"""Errors of calls to AWS and of this code, by what they mean for a start or for an upload. Pure."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from wires.printable import printable
from wires.refusals import RefusalKind
from wires.s3_errors import DENIED, UNREADABLE

from .errors import ScanPending

RECEIVES_WHEN_DENIED = 3
"""Two returns to the queue are 24 minutes. Changes of rights take effect within some of them, so
that a release in its first moments fails nothing; people should hear of the others soon."""
# https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-exceptions.html and
# https://docs.aws.amazon.com/glue/latest/webapi/CommonErrors.html
_START_KINDS = {
    "EntityNotFoundException": RefusalKind.MISSING,
    "AccessDeniedException": RefusalKind.DENIED,
    "AccessDenied": RefusalKind.DENIED,
    "ExpiredTokenException": RefusalKind.DENIED,
    "IncompleteSignature": RefusalKind.DENIED,
    "InvalidClientTokenId": RefusalKind.DENIED,
    "NotAuthorized": RefusalKind.DENIED,
    "OptInRequired": RefusalKind.DENIED,
    "UnrecognizedClientException": RefusalKind.DENIED,
    "InternalServiceException": RefusalKind.UNAVAILABLE,
    "InternalFailure": RefusalKind.UNAVAILABLE,
    "OperationTimeoutException": RefusalKind.UNAVAILABLE,
    "RequestExpired": RefusalKind.UNAVAILABLE,
    "RequestTimeout": RefusalKind.UNAVAILABLE,
    "ServiceUnavailable": RefusalKind.UNAVAILABLE,
}


def start_kind(error: Exception) -> RefusalKind:
    """Return what an error that a start ended with means for the job and the load."""
    if isinstance(error, ParamValidationError):
        return RefusalKind.INVALID
    if isinstance(error, BotoCoreError):
        # No answer: the run may have been started all the same.
        return RefusalKind.UNAVAILABLE
    if not isinstance(error, ClientError):
        return RefusalKind.UNEXPECTED
    known = _START_KINDS.get(_code(error))
    if known:
        return known
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    return RefusalKind.UNAVAILABLE if status >= 500 else RefusalKind.INVALID


def receives_of(error: Exception, *, most: int) -> int:
    """Return how often a message about an upload may come before its error is taken for final.

    What the object itself is to blame for is the same the next time. Whatever else it is may pass:
    services recover, a faulty release is rolled back. So everything else has all the receives that
    the queue gives, which is two hours.
    """
    code = _code(error)
    if code in UNREADABLE:
        return 1
    return min(RECEIVES_WHEN_DENIED, most) if code in DENIED else most


def upload_reason(error: Exception) -> str:
    """Return why an upload could not be decided about, and what to do."""
    said, code = reason_of(error), _code(error)
    if isinstance(error, ScanPending):
        return (
            "GuardDuty has not tagged it with the result of a malware scan in time: look at the "
            "Malware Protection plan of the bucket, then upload it again"
        )
    if code in UNREADABLE:
        return (
            f"S3 does not give it out ({said}): upload it again, in a storage class that is read "
            "at once and without a key of your own (SSE-C)"
        )
    if code in DENIED:
        return (
            f"the trigger may not read it ({said}). It may be under another KMS key than the "
            "bucket's: upload it again without naming a key"
        )
    return (
        f"it could not be looked at, however often that was tried ({said}). Where this does not "
        "tell why, the log of the trigger function does; then upload it again"
    )


def reason_of(error: Exception) -> str:
    """Return an error on one line, with its kind."""
    text = str(error) if isinstance(error, ClientError) else f"{type(error).__name__}: {error}"
    return printable(text)[:500]


def _code(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return ""
