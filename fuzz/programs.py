"""Programs: values that describe the files of a load. A file is a function of its program."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fuzz.kinds import Kind

DAY_FOLDER = "data/incoming/2026/01/15/"


class Format(StrEnum):
    CSV = "csv"
    JSON_LINES = "jsonl"
    JSON_LIST = "json"
    JSON_DOCUMENTS = "ndjson"
    PARQUET = "parquet"
    ORC = "orc"
    AVRO = "avro"

    @property
    def is_json(self) -> bool:
        return self in (Format.JSON_LINES, Format.JSON_LIST, Format.JSON_DOCUMENTS)

    @property
    def is_columnar(self) -> bool:
        return self in (Format.PARQUET, Format.ORC, Format.AVRO)


@dataclass(frozen=True)
class Part:
    """A number of rows of one kind; the last part goes on to the end of the file."""

    rows: int
    kind: Kind


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column, whose identity is its name as the file spells it."""

    name: str
    tag: int
    """Number of the name in its dataset: the same in every file."""
    parts: tuple[Part, ...]
    pad: int = 0
    """Number of characters that are added to each text."""

    def kind_at(self, row: int) -> Kind:
        for part in self.parts[:-1]:
            if row < part.rows:
                return part.kind
            row -= part.rows
        return self.parts[-1].kind


class Oddity(StrEnum):
    """A record that is not like the others."""

    SHORT = "a field too few"
    LONG = "a field too many"
    COMMENT = "a comment"
    FOOTER = "a sum below the table"
    HEADER_AGAIN = "the header once more"
    UNCLOSED = "a quote that is not closed"
    STRAY_QUOTE = "a quote inside an unquoted field"
    STRAY_BYTES = "bytes that are no characters"
    LONE_CR = "a carriage return inside a field"
    MARK_INSIDE = "a byte order mark where files were joined"
    OVERLONG = "a quoted field beyond the limit of a record"
    BROKEN = "text that is no JSON"
    PYTHON = "an object with apostrophes"
    LOG_LINE = "something before the object"
    KEY_TWICE = "the same key twice"
    NOT_A_NUMBER = "NaN"
    SCALAR = "null where an object is expected"
    NO_KEYS = "an object without keys"
    DEEP = "hundreds of nested lists"


@dataclass(frozen=True)
class Odd:
    """An odd record, before the row of that number."""

    row: int
    oddity: Oddity


class Harm(StrEnum):
    """Damage to the bytes of a file after it was written."""

    CUT_OFF = "the end is missing"
    FLIPPED = "some bytes are others"
    LIES = "an index says another number of rows"
    TRAILING = "something stands behind the end"


@dataclass(frozen=True)
class Damage:
    harm: Harm
    where: float
    """Place in the file, from 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class CsvStyle:
    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    line_end: str = "\n"
    quote_all: bool = False
    header: bool = True
    titles: tuple[str, ...] = ()
    """Lines above the table."""
    open_end: bool = False
    """Whether the last line has no end."""


@dataclass(frozen=True, kw_only=True)
class JsonStyle:
    line_end: str = "\n"
    ascii_only: bool = False
    leave_out: bool = False
    """Whether a key without a value is left out; otherwise it is null."""
    turned: bool = False
    """Whether every other object has its keys in reverse order."""


@dataclass(frozen=True, kw_only=True)
class ColumnarStyle:
    codec: str = ""
    """Compression; if empty, the default of the format's libraries."""
    group_rows: int = 0
    """Rows of a row group, stripe or block; 0 leaves it to the library."""
    dictionary: bool = True


@dataclass(frozen=True, kw_only=True)
class File:
    """One object of a load."""

    name: str
    number: int
    """Number in its dataset: files of one dataset hold different values."""
    format: Format
    columns: tuple[Column, ...]
    rows: int
    csv: CsvStyle = CsvStyle()
    json: JsonStyle = JsonStyle()
    columnar: ColumnarStyle = ColumnarStyle()
    encoding: str = "utf-8"
    compression: str = ""
    odd: tuple[Odd, ...] = ()
    damage: Damage | None = None
    wave: int = 0
    """The load of the case in which it comes."""
    by_day: bool = True
    """Whether it lies below the folder of a day, as every format but CSV must."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    name: str
    files: tuple[File, ...]

    def key(self, file: File) -> str:
        folder = DAY_FOLDER if file.by_day or file.format is not Format.CSV else ""
        return f"{folder}{self.name}/{file.name}"


@dataclass(frozen=True, kw_only=True)
class Case:
    """Datasets that are uploaded together, in one load or one after the other."""

    datasets: tuple[Dataset, ...]

    @property
    def waves(self) -> list[int]:
        return sorted({file.wave for dataset in self.datasets for file in dataset.files})
