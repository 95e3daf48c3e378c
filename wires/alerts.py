"""The one way in which any part sends a message to people, through one of the topics.

Mail and queues get text; webhooks and chat get the same as JSON, in the form that Amazon Q
Developer shows in chat: https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html

Keys of uploads, and what services say, come from outside: line ends, control characters and
overrides of the reading direction in them are escaped, so that nobody can write lines of an alert.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from wires.printable import printable

# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
LONGEST_SUBJECT = 99
"""ASCII characters: SNS takes less than 100."""
MOST_BYTES = 90 * 1024
"""Bytes of the text. Spelled in JSON it doubles at most, and SNS takes 256 KB for all forms."""
_LONGEST_DESCRIPTION = 8_000
"""Characters that are shown in chat."""
_LONGEST_LINE = 8_000
_CUT = "\n(the rest of this message was cut off: SNS takes 256 KB for all its forms)"
_HALF_SIGN = re.compile("&[a-z]*$")
_REFUSALS = frozenset({"InvalidParameter", "InvalidParameterValue"})
logger = logging.getLogger(__name__)


class Topic(StrEnum):
    """What people can subscribe to."""

    FAILURES = "failures"
    """Something needs a person, or will."""
    QUALITY = "quality"
    """Rules of a table failed, or values are unusual."""
    RECOVERIES = "recoveries"
    """Something that was told before is over."""


def send_alert(sns: Any, topic_arn: str, subject: str, *lines: str) -> None:
    """Send one message: each line is shown as one line, whatever is in it.

    A message that SNS finds invalid is logged: sending it again would not help.
    """
    request = {"Subject": subject_of(subject), "Message": message_of(subject, lines)}
    try:
        sns.publish(TopicArn=topic_arn, MessageStructure="json", **request)
    except sns.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in _REFUSALS:
            raise
        logger.exception("SNS refuses an alert: %s", request)


def message_of(subject: str, lines: Iterable[str]) -> str:
    """Return a message in all its forms, as SNS takes it with `MessageStructure` `json`."""
    text = text_of(lines)
    shown = {
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": _without_markup(subject_of(subject)),
            "description": _HALF_SIGN.sub("", _without_markup(text)[:_LONGEST_DESCRIPTION]),
        },
    }
    forms = {"default": text, "https": json.dumps(shown, ensure_ascii=False)}
    return json.dumps(forms, ensure_ascii=False)


def _without_markup(text: str) -> str:
    """Return the text with the signs escaped by which chat knows mentions and links."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def subject_of(text: str) -> str:
    """Return a subject that SNS takes: ASCII on one line that begins with a visible character."""
    shown = printable(text).encode("ascii", "backslashreplace").decode().strip() or "Alert"
    return shown if len(shown) <= LONGEST_SUBJECT else f"{shown[: LONGEST_SUBJECT - 3]}..."


def text_of(lines: Iterable[str]) -> str:
    """Return the text of a message, cut so that SNS takes it in all its forms."""
    text = "\n".join(_one_line(line) for line in lines)
    content = text.encode()
    if len(content) <= MOST_BYTES:
        return text or "(nothing was said)"
    return content[: MOST_BYTES - len(_CUT)].decode(errors="ignore") + _CUT


def _one_line(line: str) -> str:
    left_out = len(line) - _LONGEST_LINE
    if left_out <= 0:
        return printable(line)
    return f"{printable(line[:_LONGEST_LINE])} … ({left_out:,} more characters)"
