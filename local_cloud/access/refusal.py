"""Refused calls, in the protocol of each service."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from xml.sax.saxutils import escape

from local_cloud.access.call import AwsCall

_CODES = {"sns": "AuthorizationError"}
"""Codes of services that do not say `AccessDenied`.

https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""
_CODES_BY_KEY = {"sns": "KMSAccessDenied", "sqs": "KMS.AccessDeniedException"}
"""Codes of refusals by the key of what is asked for. Other services have one code for all.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
"""
_DENIED = "com.amazon.coral.service#AccessDeniedException"
_Answer = tuple[HTTPStatus, list[tuple[str, str]], str]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A call that is not allowed."""

    who: str
    """ARN of the caller."""
    action: str
    resource: str
    message: str

    def answer(self, call: AwsCall, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer the call with the error of its service."""
        status, headers, body = _answer(call, self)
        content = b"" if call.method == "HEAD" else body.encode()
        spelled = [*headers, ("content-length", str(len(content)))]
        start_response(f"{status.value} {status.phrase}", spelled)
        return [content]


def _answer(call: AwsCall, refusal: Refusal) -> _Answer:
    by_key = refusal.action.startswith("kms:") and call.service != "kms"
    code = _CODES_BY_KEY.get(call.service, "") if by_key else ""
    if call.service == "s3":
        return _xml(HTTPStatus.FORBIDDEN, _s3_error(refusal.message))
    if "HTTP_X_AMZ_TARGET" in call.environ:
        return _json(call, code, refusal.message)
    if call.service == "lambda":
        headers = [("content-type", "application/json")]
        headers.append(("x-amzn-errortype", "AccessDeniedException"))
        return HTTPStatus.FORBIDDEN, headers, json.dumps({"Message": refusal.message})
    status = HTTPStatus.BAD_REQUEST if code else HTTPStatus.FORBIDDEN
    code = code or _CODES.get(call.service, "AccessDenied")
    return _xml(status, _query_error(code, refusal.message))


def _json(call: AwsCall, code: str, message: str) -> _Answer:
    headers = [("content-type", call.environ.get("CONTENT_TYPE", "application/x-amz-json-1.1"))]
    if call.service == "sqs":
        # Clients of its older protocol know the code by this header.
        headers.append(("x-amzn-query-error", f"{code or 'AccessDenied'};Sender"))
    kind = "com.amazonaws.sqs#KmsAccessDenied" if code else _DENIED
    return HTTPStatus.BAD_REQUEST, headers, json.dumps({"__type": kind, "Message": message})


def _xml(status: HTTPStatus, body: str) -> _Answer:
    return status, [("content-type", "application/xml")], body


def _s3_error(message: str) -> str:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>AccessDenied</Code><Message>{escape(message)}</Message>"
        f"<RequestId>{uuid.uuid4().hex[:16].upper()}</RequestId></Error>"
    )


def _query_error(code: str, message: str) -> str:
    return (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>"
        f"<Message>{escape(message)}</Message></Error>"
        f"<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    )
