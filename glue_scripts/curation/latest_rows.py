"""Selects the rows of a dataset that count: those that keep its rules, the latest of each key."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as f

from curation.errors import ContractRefused
from curation.zone import PART, POSITION, SEQUENCER, UPLOADED_AT, VERSION, ProcessedDataset
from quality.errors import SqlRefused
from quality.vetting import condition
from wires.contracts import BusinessRule, DatasetContract

BROKEN = "#broken_rules"
DELETED = "#deleted"
RANK = "#rank_of_key"


@dataclass(frozen=True)
class LatestRows:
    """Reads one dataset by the keys and rules of its contract."""

    dataset: ProcessedDataset
    contract: DatasetContract

    def rows(self) -> DataFrame:
        """Return the rows that count, with the dataset's columns."""
        good = self.good(self.dataset.rows)
        if self.contract.primary_key:
            good = self.ranked(good).where((f.col(RANK) == 1) & ~f.col(DELETED))
        return good.select(*self.dataset.columns)

    def good(self, rows: DataFrame) -> DataFrame:
        """Return the rows that keep the rules, with a flag for those that delete their key."""
        judged = self.judged(rows).where(f.size(BROKEN) == 0)
        if not self.contract.deleted_when:
            return judged.withColumn(DELETED, f.lit(False))
        deleted = self._condition(rows, "deleted_when", self.contract.deleted_when)
        return judged.withColumn(DELETED, f.coalesce(deleted, f.lit(False)))

    def judged(self, rows: DataFrame) -> DataFrame:
        """Add the names of the rules that each row breaks."""
        tests = [
            *self._given,
            *((rule.name, self._test(rows, rule)) for rule in self.contract.rules),
        ]
        broken = [f.when(~f.coalesce(test, f.lit(True)), f.lit(name)) for name, test in tests]
        names = f.array(*broken).cast("array<string>")
        return rows.withColumn(BROKEN, f.array_compact(names))

    def ranked(self, rows: DataFrame) -> DataFrame:
        """Add the rank of each row among those of its key, from 1 for the latest.

        The order depends only on the rows, their uploads and their positions in these, not on when
        they were loaded.
        """
        return self.with_origins(rows).withColumn(RANK, f.row_number().over(self._by_age))

    def with_origins(self, rows: DataFrame) -> DataFrame:
        """Add version and time of each row's upload."""
        return rows.join(self.dataset.origins_of(rows), ["load_id", "source_file"], "left")

    @property
    def _by_age(self) -> WindowSpec:
        latest = [f.col(name).desc_nulls_last() for name in self.contract.latest_by]
        upload = [f.col(name).desc() for name in (UPLOADED_AT, SEQUENCER, "source_file", VERSION)]
        place = [f.col(name).desc() for name in (PART, POSITION)]
        return Window.partitionBy(*self.contract.primary_key).orderBy(*latest, *upload, *place)

    @property
    def _given(self) -> list[tuple[str, Column]]:
        """Rules that hold without being declared: key and day columns have values.

        A row without a key belongs to no entity, even if it was loaded before the contract had a
        key; and a table that is partitioned by a column has no place for a row without its value.
        """
        days = sorted({table.day for table in self.contract.curated if table.day})
        names = dict.fromkeys((*self.contract.primary_key, *days))
        return [(f"{name} has a value", f.col(name).isNotNull()) for name in names]

    @property
    def can_break(self) -> bool:
        """Whether there is any rule that a row could break."""
        return bool(self._given or self.contract.rules)

    def _test(self, rows: DataFrame, rule: BusinessRule) -> Column:
        return self._condition(rows, f"rule {rule.name}", rule.expect)

    def _condition(self, rows: DataFrame, what: str, text: str) -> Column:
        """Return the condition, which may use the dataset's own columns only.

        Raises ContractRefused if it is no condition on these.
        """
        try:
            return condition(rows.select(*self.dataset.columns), text)
        except SqlRefused as error:
            raise ContractRefused(
                f"{what} of dataset '{self.contract.name}' is no condition on its "
                f"columns, {', '.join(self.dataset.columns)}: {text!r}: {error}"
            ) from error
