"""The contract's reference against its definition."""

from __future__ import annotations

from config.contract_reference import PAGE, contract_reference
from config.dataset_document import ContractDocument, Csv, Curated, QualityRules


def test_the_page_is_made_of_the_definition() -> None:
    assert PAGE.read_text() == contract_reference(), "run `make reference`"


def test_every_key_says_what_it_is_for() -> None:
    for model in (ContractDocument, Csv, Curated, QualityRules):
        for name, field in model.model_fields.items():
            assert field.description, name
