"""The models that pass the quality gate, in the order of their turns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from quality_report.report import ModelKind
from wires.contracts import CuratedTable, DatasetContract, Quality
from wires.layout import dataset_model, table_model


@dataclass(frozen=True, kw_only=True)
class GatedModel:
    """A dataset or a curated table, checked as one model."""

    name: str
    quality: Quality
    kind: ModelKind
    uses: tuple[str, ...]
    """Datasets that it is made of."""
    table: CuratedTable | None = None

    @property
    def decides_for(self) -> Sequence[str]:
        """Datasets whose tables are halted with it."""
        return self.uses if self.kind is ModelKind.DATASET else ()


def gated_models(contracts: Mapping[str, DatasetContract]) -> Iterator[GatedModel]:
    """Yield datasets first, so that tables made of halted ones are not passed on."""
    for name, contract in contracts.items():
        yield GatedModel(
            name=dataset_model(name),
            quality=contract.quality,
            kind=ModelKind.DATASET,
            uses=(name,),
        )
    for name, contract in contracts.items():
        for table in contract.curated:
            yield GatedModel(
                name=table_model(table.table),
                quality=table.quality,
                kind=ModelKind.TABLE,
                uses=(name, *table.uses),
                table=table,
            )
