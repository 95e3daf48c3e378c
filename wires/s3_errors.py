"""S3's answers about one object, by what they mean for it.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

GONE = frozenset({"404", "NoSuchKey", "NoSuchVersion"})
"""The object is not there, or not any more."""
DENIED = frozenset(
    {
        "403",
        "AccessDenied",
        "AllAccessDisabled",
        "KMS.AccessDeniedException",
        "KMS.DisabledException",
        "KMS.InvalidKeyUsageException",
        "KMS.KMSInvalidStateException",
        "KMS.NotFoundException",
    }
)
"""Nobody, or not this role, may read the object; mostly because of the key that it is under."""
UNREADABLE = frozenset({"405", "InvalidObjectState", "InvalidRequest", "MethodNotAllowed"})
"""The object is in an archive, or under a key that its uploader alone has (SSE-C)."""
