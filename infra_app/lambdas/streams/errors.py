"""Errors of functions of streams.

StreamError
├── UnreadableDelivery   an event is not what Lambda documents for this kind of source
├── LineBusy             others move a line at the same time, again and again
└── LandingLost          a landing was taken for dead, and its messages go to another one
"""


class StreamError(Exception):
    """A delivery could not be taken in; it comes again."""


class UnreadableDelivery(StreamError):
    """An event is not what Lambda documents for this kind of source."""


class LineBusy(StreamError):
    """Others move a line at the same time, again and again."""


class LandingLost(StreamError):
    """A landing was taken for dead, and its messages go to another one."""
