"""The faults that a load can have."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Wrong(StrEnum):
    DIED = "the run ended without having published"
    UNSETTLED = "an object has no outcome"
    REFUSED = "a good file was refused"
    FAILED = "a good file failed"
    IGNORED = "a file was taken for another"
    EMPTIED = "a file with rows was called empty"
    REASON = "a reason is missing, or speaks of the machinery"
    LOST = "a record is nowhere"
    NEEDLESS = "a good row was put aside"
    ASIDE = "what was put aside is no record of the file"
    CHANGED = "a row is not what the source says"
    DOUBLED = "a row is there twice"
    INVENTED = "a row that nobody wrote"
    COUNTS = "the ledger's counts are not what is there"
    COLUMN_LOST = "the values of a column are in no column"
    COLUMN_MOVED = "a name is another column in another file"
    COLUMN_SHARED = "two names are one column"
    COLUMN_INVENTED = "a column has values that nobody wrote"
    MISNAMED = "the catalog gives a column another name's spelling"
    UNLIKE = "files and catalog do not agree"


@dataclass(frozen=True, kw_only=True)
class Finding:
    wrong: Wrong
    dataset: str = ""
    key: str = ""
    form: str = ""
    """Format of the file."""
    detail: str = ""
    sure: bool = True
    """Whether nothing else could be right: an ambiguous file can be read otherwise."""

    @property
    def sort(self) -> tuple[str, str]:
        """Key under which findings are reported only once."""
        return self.wrong, self.form

    def __str__(self) -> str:
        return f"{self.wrong} [{self.key or self.dataset or 'load'}] {self.detail}".strip()
