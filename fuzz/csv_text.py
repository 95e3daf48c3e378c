"""Writes CSV by hand: field by field, noting the line and the end of every record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fuzz.kinds import Kind
from fuzz.programs import CsvStyle, File, Oddity
from fuzz.truth import Cell, Duty, Nature, Record, Standing, Written, cells_of

_OVERLONG = 33 * 1024 * 1024
_MANY = 20
"""Number of rows that leaves no doubt."""
_EXTRA_ROWS = 95_000
"""Number beyond those of all rows."""


@dataclass
class _Text:
    """The text written so far, and the position behind it."""

    style: CsvStyle
    parts: list[str] = field(default_factory=list)
    line: int = 1
    size: int = 0

    def record(self, raw: str) -> tuple[int, int]:
        """Append a record; return its line and its end."""
        line, text = self.line, raw + self.style.line_end
        self.parts.append(text)
        self.size += len(text.encode("utf-8", "surrogateescape"))
        self.line += 1 + raw.count("\n") + raw.count("\r") - raw.count("\r\n")
        return line, self.size


def write_csv(file: File) -> tuple[str, Written]:
    """Return the text, and what it holds; the caller encodes the text as the body."""
    text = _Text(file.csv)
    records = [_aside(text, title) for title in file.csv.titles]
    # The line that tells a spreadsheet the delimiter is no record.
    told = f"sep={file.csv.delimiter}"
    records = [record for record in records if record.raw != told]
    names = [column.name for column in file.columns]
    if file.csv.header:
        text.record(_joined(names, file.csv))
    odd: dict[int, list[Oddity]] = {}
    for item in file.odd:
        odd.setdefault(item.row, []).append(item.oddity)
    for row in range(file.rows + 1):
        records += [_odd(file, text, oddity, row) for oddity in odd.get(row, ())]
        if row < file.rows:
            records.append(_row(file, text, cells_of(file, row)))
    written = "".join(text.parts)
    if file.csv.open_end:
        written = written.removesuffix(file.csv.line_end)
    return written, Written(b"", tuple(records), _duty(file))


def _row(file: File, text: _Text, cells: tuple[Cell, ...]) -> Record:
    if len(cells) == 1 and cells[0].nature is Nature.NONE:
        # A blank line is no row.
        cells = (Cell(Nature.FIELD, ""),)
    raw = _spelled(cells, file.csv)
    line, end = text.record(raw)
    return Record(line, cells, Standing.ROW, raw, end)


def _aside(text: _Text, raw: str) -> Record:
    line, end = text.record(raw)
    return Record(line, (), Standing.BAD, raw, end)


def _spelled(cells: Sequence[Cell], style: CsvStyle) -> str:
    fields = [
        "" if cell.nature is Nature.NONE else _field(cell.text, style, is_value=True)
        for cell in cells
    ]
    return style.delimiter.join(fields)


def _joined(names: Sequence[str], style: CsvStyle) -> str:
    return style.delimiter.join(_field(name, style, is_value=False) for name in names)


def _field(text: str, style: CsvStyle, *, is_value: bool) -> str:
    special = (style.delimiter, style.quote, "\n", "\r")
    needed = any(char in text for char in special) or (is_value and not text)
    if not (needed or style.quote_all):
        return text
    doubled = (style.escape or style.quote) + style.quote
    return f"{style.quote}{text.replace(style.quote, doubled)}{style.quote}"


def _odd(file: File, text: _Text, oddity: Oddity, row: int) -> Record:
    """Write an odd record in the place of row `row`, and return it."""
    cells = _extra_cells(file, row)
    raw, held, standing = _odd_text(file, oddity, cells, row)
    line, end = text.record(raw)
    if standing is Standing.BAD or len(held) != len(cells):
        return Record(line, (), Standing.BAD, raw, end)
    return Record(line, tuple(held), standing, raw, end)


def _extra_cells(file: File, row: int) -> tuple[Cell, ...]:
    """Return the values of a row that does not occur otherwise."""
    cells = cells_of(file, _EXTRA_ROWS + row % 1000)
    return cells if any(cell.text for cell in cells) else (Cell(Nature.FIELD, "x"), *cells[1:])


def _odd_text(
    file: File, oddity: Oddity, cells: tuple[Cell, ...], row: int
) -> tuple[str, Sequence[Cell], Standing]:
    style, one = file.csv, len(cells) == 1
    plain = _spelled(cells, style)
    if one and oddity in (Oddity.LONG, Oddity.FOOTER):
        # In a file of one column a delimiter may as well be a part of the value.
        raw = f"{plain}{style.delimiter}{row}"
        return raw, [Cell(Nature.FIELD, raw)], Standing.EITHER
    match oddity:
        case Oddity.SHORT:
            return _spelled(cells[:-1] or cells, style), cells[:-1], Standing.EITHER
        case Oddity.LONG:
            longer = (cells[0], Cell(Nature.FIELD, "x"), *cells[1:])
            return _spelled(longer, style), (), Standing.BAD
        case Oddity.COMMENT:
            note = f"# made on day {row}"
            return note, [Cell(Nature.FIELD, note)], Standing.ROW if one else Standing.BAD
        case Oddity.FOOTER:
            raw = f"Summe{style.delimiter}{row},0"
            return raw, list(_read_plainly(raw, style.delimiter)), Standing.ROW
        case Oddity.HEADER_AGAIN:
            return _joined([column.name for column in file.columns], style), (), Standing.BAD
        case _:
            return _damaged_text(oddity, plain, cells, style)


def _damaged_text(
    oddity: Oddity, plain: str, cells: tuple[Cell, ...], style: CsvStyle
) -> tuple[str, Sequence[Cell], Standing]:
    first, rest = cells[0].text, plain[len(_field(cells[0].text, style, is_value=True)) :]
    match oddity:
        case Oddity.UNCLOSED:
            return f"{style.quote}{first}{rest}", (), Standing.BAD
        case Oddity.STRAY_QUOTE:
            text = f"{first}{style.quote}y"
            return text + rest, _with_first(cells, text), Standing.EITHER
        case Oddity.STRAY_BYTES:
            return f"{first}\udcff\udcfe{rest}", (), Standing.BAD
        case Oddity.LONE_CR:
            text = f"{first}\ry"
            return text + rest, _with_first(cells, text), Standing.EITHER
        case Oddity.MARK_INSIDE:
            return "\ufeff" + plain, cells, Standing.EITHER
        case _:
            filler = "y" * _OVERLONG
            return f"{style.quote}{filler}{style.quote}{rest}", (), Standing.BAD


def _with_first(cells: tuple[Cell, ...], text: str) -> list[Cell]:
    return [Cell(Nature.FIELD, text), *cells[1:]]


def _read_plainly(raw: str, delimiter: str) -> Iterator[Cell]:
    for text in raw.split(delimiter):
        yield Cell(Nature.FIELD if text else Nature.NONE, text)


_HARMLESS = {Oddity.SHORT, Oddity.LONG, Oddity.COMMENT, Oddity.FOOTER, Oddity.HEADER_AGAIN}


def _duty(file: File) -> Duty:
    """Return what can be demanded as far as header, quotes and odd records go."""
    typed = any(_is_typed(file, place) for place in range(len(file.columns)))
    if (not file.csv.header and not typed) or _looks_like_a_header(file):
        return Duty.NONE
    doubts = (
        # Only a first file can be given names, and with too few rows they may be values.
        not file.csv.header and (file.number > 0 or file.rows < 5),
        not typed and file.rows < 3,
        file.rows < _MANY and (file.csv.quote != '"' or file.csv.escape != ""),
        bool(file.csv.titles) and (file.rows < _MANY or len(file.columns) < 3),
        bool(file.odd) and not _is_harmless(file),
    )
    return Duty.HONEST if any(doubts) else Duty.FULL


def _looks_like_a_header(file: File) -> bool:
    """Whether a title has as many fields as the table, so that it may as well be its header."""
    width = len(file.columns)
    return any(title.count(file.csv.delimiter) + 1 == width for title in file.csv.titles)


def _is_harmless(file: File) -> bool:
    """Whether odd records leave no doubt, as one among twenty that does not reach beyond itself."""
    few = _MANY * len(file.odd) <= file.rows
    at_top = any(item.row < 3 for item in file.odd)
    plain = all(item.oddity in _HARMLESS for item in file.odd)
    return few and plain and not at_top and len(file.columns) > 1


def _is_typed(file: File, place: int) -> bool:
    """Whether a column has values of one type from its first row on."""
    kinds = {part.kind for part in file.columns[place].parts}
    return len(kinds) == 1 and kinds <= {Kind.INTEGER, Kind.DECIMAL, Kind.DATE, Kind.TIMESTAMP}
