"""Chooses how a file is written: dialect, encoding, compression, odd records and damage."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from random import Random

from fuzz.kinds import Kind
from fuzz.programs import (
    ColumnarStyle,
    CsvStyle,
    Damage,
    File,
    Format,
    Harm,
    JsonStyle,
    Odd,
    Oddity,
    Part,
)
from fuzz.stories import SEPARATING
from fuzz.writing import write

_DELIMITERS = ",,,,,;;;\t|~^\x1f: "
_TITLES = (
    ("Report 2025",),
    ("Report,2025",),
    ("sep=;",),
    ("Report", "made by hand"),
    ("Sums of the year;2025",),
)
_SCRIPTS = {
    Kind.WESTERN: ("cp1252", "latin-1", "cp437"),
    Kind.CENTRAL: ("iso8859-2", "cp1250"),
    Kind.GREEK: ("cp1253", "iso8859-7"),
    Kind.CYRILLIC: ("cp1251", "koi8-r"),
    Kind.JAPANESE: ("shift_jis", "euc_jp", "gb18030"),
}
_CSV_ODD = (
    Oddity.SHORT,
    Oddity.LONG,
    Oddity.LONG,
    Oddity.COMMENT,
    Oddity.FOOTER,
    Oddity.HEADER_AGAIN,
    Oddity.UNCLOSED,
    Oddity.STRAY_QUOTE,
    Oddity.STRAY_BYTES,
    Oddity.LONE_CR,
    Oddity.MARK_INSIDE,
)
_TEMPTED = (Oddity.LONG, Oddity.COMMENT, Oddity.FOOTER)
_JSON_ODD = (
    Oddity.BROKEN,
    Oddity.PYTHON,
    Oddity.LOG_LINE,
    Oddity.KEY_TWICE,
    Oddity.NOT_A_NUMBER,
    Oddity.SCALAR,
    Oddity.COMMENT,
    Oddity.LONG,
    Oddity.NO_KEYS,
    Oddity.DEEP,
)
_CODECS = {
    Format.PARQUET: ("snappy", "gzip", "zstd", "lz4", "none"),
    Format.ORC: ("uncompressed", "zlib", "snappy", "zstd"),
    Format.AVRO: ("null", "deflate", "bzip2", *(("snappy",) if find_spec("cramjam") else ())),
}


def styled(random: Random, file: File) -> File:
    """Return a file with the same rows, written in some way."""
    if file.format is Format.CSV:
        file = _encoded(random, replace(file, csv=_dialect(random, file)))
    elif file.format.is_json:
        json = JsonStyle(
            line_end=random.choice(("\n", "\n", "\r\n")),
            ascii_only=random.random() < 0.3,
            leave_out=random.random() < 0.5,
            turned=random.random() < 0.2,
        )
        encoding = random.choice(("utf-8",) * 8 + ("utf-8-sig", "utf-16-le"))
        file = replace(file, json=json, encoding=encoding)
    else:
        style = ColumnarStyle(
            codec=random.choice(_CODECS[file.format]),
            group_rows=random.choice((0, 0, 7, 300)),
            dictionary=random.random() < 0.7,
        )
        file = replace(file, columnar=style)
    compression = random.choice(("",) * 9 + ("gzip", "gzip", "bzip2", "zstd"))
    return replace(file, compression=compression)


def _dialect(random: Random, file: File) -> CsvStyle:
    apostrophes = random.random() < 0.05
    kinds = {part.kind for column in file.columns for part in column.parts}
    escaped = random.random() < 0.05 and Kind.PATH not in kinds
    # Where commas are decimal, semicolons separate.
    usual = ";;;;," if Kind.DECIMAL_COMMA in kinds else _DELIMITERS
    style = CsvStyle(
        delimiter=random.choice(usual),
        quote="'" if apostrophes else '"',
        escape="\\" if escaped else "",
        line_end=random.choice(("\n", "\n", "\n", "\r\n", "\r\n", "\r")),
        quote_all=apostrophes or random.random() < 0.15,
        header=random.random() > 0.07,
        open_end=random.random() < 0.3,
    )
    if style.header and random.random() < 0.06:
        style = replace(style, titles=random.choice(_TITLES))
    return style


def _encoded(random: Random, file: File) -> File:
    """Return a file in an encoding that says what it is, or that fits a column of its script."""
    if random.random() < 0.85 or not file.rows:
        told = ("utf-8",) * 8 + ("utf-8-sig", "utf-16-le", "utf-16-be")
        return replace(file, encoding=random.choice(told))
    kind = random.choice(list(_SCRIPTS))
    first, *rest = file.columns
    spoken = replace(first, parts=(Part(0, kind),))
    tried = replace(file, columns=(spoken, *rest), encoding=random.choice(_SCRIPTS[kind]))
    try:
        write(tried)
    except UnicodeEncodeError:
        return file
    return tried


def with_oddities(random: Random, file: File) -> File:
    """Add one odd record to some files: to more of them where values contain a separator."""
    kinds = {part.kind for column in file.columns for part in column.parts}
    tempting = file.format is Format.CSV and bool(kinds & set(SEPARATING))
    if file.format.is_columnar or random.random() > (0.5 if tempting else 0.25):
        return file
    usual = _TEMPTED if tempting and random.random() < 0.6 else _oddities(file)
    possible = [oddity for oddity in usual if _can_have(file, oddity)]
    row = random.choice((0, file.rows // 2, file.rows // 2, file.rows))
    return replace(file, odd=(Odd(row, random.choice(possible)),))


def _oddities(file: File) -> tuple[Oddity, ...]:
    return _CSV_ODD if file.format is Format.CSV else _JSON_ODD


def _can_have(file: File, oddity: Oddity) -> bool:
    match oddity:
        case Oddity.SHORT:
            # A record of two fields without its last one may be a blank line.
            kinds = {part.kind for part in file.columns[0].parts}
            return len(file.columns) > (2 if Kind.BLANK in kinds else 1)
        case Oddity.HEADER_AGAIN:
            return file.csv.header
        case Oddity.LONE_CR:
            return file.csv.line_end != "\r"
        case Oddity.STRAY_BYTES:
            return file.encoding == "utf-8"
        case Oddity.MARK_INSIDE:
            return file.encoding.startswith("utf")
        case _:
            return True


def with_damage(random: Random, file: File) -> File:
    harm = random.choice(list(Harm))
    if harm is Harm.LIES and not file.format.is_columnar:
        harm = Harm.FLIPPED
    return replace(file, damage=Damage(harm, random.random()))
