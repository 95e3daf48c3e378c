"""The data sets that are measured: files on disk, made once, with the truth beside them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from math import ceil
from pathlib import Path
from typing import IO

from benchmarks.columns import COLUMNS, Tally, tally
from benchmarks.generator import CHUNK_ROWS, GENERATOR_VERSION, Chunk, chunks, header, text_of

MEGABYTE = 1_000_000
_REVERSED = tuple(reversed(COLUMNS))
_IN_ORDER = tuple(COLUMNS)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The description of a data set's files."""

    megabytes: float
    """Size of all files together, about."""
    quoted: bool = False
    """Line ends, delimiters and quotes inside quoted fields in a fifth of the rows."""
    files: int = 1
    reordered: bool = False
    """Every other file has its columns in the opposite order."""

    @property
    def name(self) -> str:
        parts = [f"{self.files:,} files" if self.files > 1 else "one file"]
        parts += ["quoted line ends"] if self.quoted else []
        parts += ["columns in two orders"] if self.reordered else []
        return f"{', '.join(parts)}, {spell_megabytes(self.megabytes)}"

    @property
    def folder(self) -> str:
        quoted = "-quoted" if self.quoted else ""
        reordered = "-reordered" if self.reordered else ""
        return f"v{GENERATOR_VERSION}-{self.files}x{self.megabytes:g}MB{quoted}{reordered}"


def spell_megabytes(megabytes: float) -> str:
    return f"{megabytes / 1000:g} GB" if megabytes >= 250 else f"{megabytes:g} MB"


@dataclass(frozen=True, kw_only=True)
class Truth:
    """The contents of a right output."""

    rows: int = 0
    columns: Mapping[str, Tally] = field(default_factory=dict)

    def plus(self, chunk: Chunk) -> Truth:
        """Return the truth with the orders of one more chunk."""
        found = {
            name: tally(chunk.values.column(name).combine_chunks(), column)
            for name, column in COLUMNS.items()
        }
        return Truth(
            rows=self.rows + chunk.values.num_rows,
            columns={name: self.columns.get(name, Tally()) + new for name, new in found.items()},
        )

    @classmethod
    def read(cls, path: Path) -> Truth:
        spelled = json.loads(path.read_text())
        columns = {name: Tally(**sums) for name, sums in spelled["columns"].items()}
        return cls(rows=spelled["rows"], columns=columns)


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A recipe's files."""

    recipe: Recipe
    folder: Path
    """Holds the CSV files and nothing else."""
    truth: Truth

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.iterdir())

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.stat().st_size for file in self.files)


def prepare(recipe: Recipe, cache: Path) -> Dataset:
    """Return the data set from the cache, or made anew: about 30 s for a gigabyte."""
    home = cache / recipe.folder
    folder, truth = home / "orders", home / "truth.json"
    # The truth is written last, so if it is there the files are complete.
    if not truth.exists():
        shutil.rmtree(home, ignore_errors=True)
        folder.mkdir(parents=True)
        truth.write_text(json.dumps(asdict(_write(recipe, folder))))
    return Dataset(recipe=recipe, folder=folder, truth=Truth.read(truth))


def _write(recipe: Recipe, folder: Path) -> Truth:
    if recipe.files == 1:
        return _write_one(recipe, folder / "orders.csv")
    return _write_many(recipe, folder)


def _write_one(recipe: Recipe, path: Path) -> Truth:
    truth, wanted = Truth(), recipe.megabytes * MEGABYTE
    with path.open("wb") as file:
        file.write(header(_IN_ORDER))
        endless = chunks(quoted=recipe.quoted)
        while (room := wanted - file.tell()) > 0:
            chunk = _up_to(next(endless), room)
            file.write(text_of(chunk.lines(_IN_ORDER)))
            truth = truth.plus(chunk)
    return truth


def _up_to(chunk: Chunk, room: float) -> Chunk:
    """Return about as many rows as have room, and at least one."""
    share = room / len(text_of(chunk.lines(_IN_ORDER)))
    return chunk if share >= 1 else _slice(chunk, 0, ceil(share * CHUNK_ROWS))


def _write_many(recipe: Recipe, folder: Path) -> Truth:
    truth = Truth()
    for position, piece in enumerate(_pieces(recipe)):
        order = _REVERSED if recipe.reordered and position % 2 else _IN_ORDER
        with (folder / f"orders-{position:05d}.csv").open("wb") as file:
            file.write(header(order))
            _append(file, piece, order)
        truth = truth.plus(piece)
    return truth


def _append(file: IO[bytes], piece: Chunk, order: tuple[str, ...]) -> None:
    file.write(text_of(piece.lines(order)))


def _pieces(recipe: Recipe) -> Iterator[Chunk]:
    """Yield one piece for each file."""
    left = recipe.files
    for chunk in chunks(quoted=recipe.quoted):
        bytes_per_row = len(text_of(chunk.lines(_IN_ORDER))) / CHUNK_ROWS
        rows = max(1, round(recipe.megabytes * MEGABYTE / recipe.files / bytes_per_row))
        for start in range(0, CHUNK_ROWS - rows + 1, rows):
            yield _slice(chunk, start, rows)
            left -= 1
            if not left:
                return


def _slice(chunk: Chunk, start: int, rows: int) -> Chunk:
    cells = {name: cell.slice(start, rows) for name, cell in chunk.cells.items()}
    return Chunk(chunk.values.slice(start, rows), cells)
