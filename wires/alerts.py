"""The one way in which any part sends a message to people, through the alerts topic.

Keys of uploads, and what services say, come from outside: line ends, control characters and
overrides of the reading direction in them are escaped, so that nobody can write lines of an alert.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from wires.printable import printable

# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
LONGEST_SUBJECT = 99
"""ASCII characters: SNS takes less than 100."""
MOST_BYTES = 256 * 1024
_LONGEST_LINE = 8_000
_CUT = "\n(the rest of this message was cut off: SNS takes 256 KB)"
_REFUSALS = frozenset({"InvalidParameter", "InvalidParameterValue"})
logger = logging.getLogger(__name__)


def send_alert(sns: Any, topic_arn: str, subject: str, *lines: str) -> None:
    """Send one message: each line is shown as one line, whatever is in it.

    A message that SNS finds invalid is logged: sending it again would not help.
    """
    request = {"Subject": subject_of(subject), "Message": text_of(lines)}
    try:
        sns.publish(TopicArn=topic_arn, **request)
    except sns.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in _REFUSALS:
            raise
        logger.exception("SNS refuses an alert: %s", request)


def subject_of(text: str) -> str:
    """Return a subject that SNS takes: ASCII on one line that begins with a visible character."""
    shown = printable(text).encode("ascii", "backslashreplace").decode().strip() or "Alert"
    return shown if len(shown) <= LONGEST_SUBJECT else f"{shown[: LONGEST_SUBJECT - 3]}..."


def text_of(lines: Iterable[str]) -> str:
    """Return the text of a message, of at most SNS's 256 KB."""
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
