"""The error for a text of rules, with its place."""

from __future__ import annotations


class DqdlError(ValueError):
    """The text is no ruleset. The message begins with source, line and column."""

    def __init__(self, problem: str, *, source: str, line: int, column: int) -> None:
        super().__init__(f"{source}:{line}:{column}: {problem}")
        self.source = source
        self.line = line
        self.column = column
