"""`python -m config.contract_reference`: writes docs/contracts.md from the contract's models."""

from __future__ import annotations

from pathlib import Path

from config.dataset_document import (
    ContractDocument,
    Csv,
    Curated,
    QualityRules,
    ReadersOfTable,
    SeenColumns,
    ViewOfTables,
)
from config.reference import Section, reference

PAGE = Path(__file__).resolve().parent.parent / "docs" / "contracts.md"
_HEAD = """\
# The contract of a dataset

A file `config/datasets/<name>.yaml`. Everything but `name` may be left out, and a dataset needs no
file at all: then everything is inferred. A name that is not listed here is an error, and so are
contradictions; each is told with file, field and rule before any template exists.

This page is made of the definition in `config/dataset_document.py` by `make reference`; a test
compares the two. How to write a contract step by step is in [datasets.md](datasets.md).
"""
_SECTIONS: tuple[Section, ...] = (
    ("The file", "", ContractDocument),
    ("`curated`", "A list; each entry is a table in the curated database.", Curated),
    (
        "`views`",
        "A list; each entry is a named query of Athena, `<name>: view`. Nothing is made of it.",
        ViewOfTables,
    ),
    ("`quality`", "Of a dataset or of a curated table.", QualityRules),
    (
        "`readers`",
        "A list, of a dataset or of a curated table ([access](access.md#some-columns-and-rows)).",
        ReadersOfTable,
    ),
    ("`columns` of `readers`", "One of the two.", SeenColumns),
    ("`csv`", "What is left out is found in each file.", Csv),
)


def contract_reference() -> str:
    """Return the page as Markdown."""
    return reference(_HEAD, _SECTIONS)


def main() -> None:
    PAGE.write_text(contract_reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
