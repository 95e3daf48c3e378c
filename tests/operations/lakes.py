"""Tables of a small estate: files where loads put them, committed as loads commit them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyiceberg.manifest import DataFile
from pyiceberg.table import StagedTable, Table

from iceberg.commits import Change, Committer
from iceberg.tables import IcebergDatabase
from iceberg.types import schema_of
from tests.glue_scripts.iceberg_lake import COLUMNS, row, written
from wires.layout import load_folder

DAY = ("2026", "01", "15")


@dataclass(frozen=True)
class Lake:
    """The tables of one database, whose files are in one bucket."""

    database: IcebergDatabase
    bucket: str

    @classmethod
    def of(cls, glue: Any, database: str, bucket: str) -> Lake:
        return cls(IcebergDatabase.of(glue, database), bucket)

    def made(self, name: str) -> Table:
        """The table; made without rows if there is none."""

        def new() -> StagedTable:
            place = f"s3://{self.bucket}/{name}"
            return self.database.new(name, schema_of(COLUMNS), location=place)

        standing = self.database.table(name)
        if standing is None:
            self._commit(name, "made", Change(), new)
        return self.database.must_have(name)

    def file(self, name: str, load_id: str, number: int = 0) -> DataFile:
        """A file of a load that no snapshot has yet."""
        table = self.made(name)
        folder = load_folder(name, DAY, load_id)
        place = f"s3://{self.bucket}/{folder}jr_1/part-{number}.snappy.parquet"
        return written(table, place, [row(number)], DAY, table.schema())

    def publish(self, name: str, load_id: str, files: int = 1) -> list[str]:
        """Paths of files that a load has brought."""
        added = [self.file(name, load_id, number) for number in range(files)]
        self._commit(name, load_id, Change(added=added))
        return [file.file_path for file in added]

    def replace(self, name: str, commit_id: str, removed: Sequence[DataFile], by: DataFile) -> None:
        self._commit(name, commit_id, Change(added=[by], removed=removed, same_rows=True))

    def _commit(self, name: str, commit_id: str, change: Change, new: Any = None) -> None:
        committer = Committer(self.database.catalog)
        committer.commit((self.database.name, name), commit_id, lambda _: change, new)
