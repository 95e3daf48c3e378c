"""`python -m config.source_reference`: writes docs/sources.md from the source's models."""

from __future__ import annotations

from pathlib import Path

from config.api_document import (
    ApiDocument,
    ApiLimitsDocument,
    AuthenticationDocument,
    GraphQlDocument,
    PaginationDocument,
)
from config.database_document import DatabaseDocument, KeyRangesDocument
from config.reference import Section, reference
from config.source_document import CursorDocument, LimitsDocument, SourceDocument
from config.stream_document import KafkaDocument, KinesisDocument, SqsDocument

PAGE = Path(__file__).resolve().parent.parent / "docs" / "sources.md"
_HEAD = """\
# The file of a source

A file `config/sources/<name>.yaml` says what is fetched, and where it goes. A name that is not
listed here is an error, and so are contradictions, also with the contract of the dataset; each is
told with file, field and rule before any template exists.

This page is made of the definitions in `config/source_document.py`, `config/api_document.py`,
`config/database_document.py` and `config/stream_document.py` by `make reference`; a test compares
them. How to add a source step by step is in [connectors.md](connectors.md).
"""
SECTIONS: tuple[Section, ...] = (
    ("The file", "", SourceDocument),
    ("`cursor`", "", CursorDocument),
    ("`limits`", "", LimitsDocument),
    ("`api`", "Of the kind `api`.", ApiDocument),
    ("`api.pagination`", "", PaginationDocument),
    ("`api.authentication`", "", AuthenticationDocument),
    ("`api.graphql`", "", GraphQlDocument),
    ("`api.limits`", "", ApiLimitsDocument),
    ("`database`", "Of the kind `database`.", DatabaseDocument),
    ("`database.ranges`", "", KeyRangesDocument),
    ("`kinesis`", "Of the kind `kinesis`.", KinesisDocument),
    ("`sqs`", "Of the kind `sqs`.", SqsDocument),
    ("`kafka`", "Of the kind `kafka`.", KafkaDocument),
)


def source_reference() -> str:
    """Return the page as Markdown."""
    return reference(_HEAD, SECTIONS)


def main() -> None:
    PAGE.write_text(source_reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
