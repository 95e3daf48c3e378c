"""Errors of quality reports.

ReportError
├── NotAReport   a JSON text is not what it is read as: nothing of it is used
└── NotHistory   a file among the history is damaged or of something else: no series is made of it
"""


class ReportError(Exception):
    """A quality report, or something that one is made from, cannot be used."""


class NotAReport(ReportError):
    """A text is no JSON, or not of this type or version."""


class NotHistory(ReportError):
    """The message names the file. A history without it would call unusual what is usual."""
