"""Detection of a CSV text's delimiter, quote and escape, by a sample from its start.

A candidate is rated by how many records it splits into the same number of fields, and by how well
the resulting values are typed; one record that disagrees does not decide. If two readings are
equally good, the text is refused and both are shown: nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

from lake.errors import InputRefused
from lake.reading.csv.candidate_readings import NAMES, QUOTES_LOOKED_AT, USUAL, Reading, read_sample
from lake.reading.csv.cell_kinds import is_typed, is_whole_value, main_kind
from lake.reading.csv.header import Verdict, judge_header
from lake.reading.csv.record_boundaries import ends_with_cr
from lake.reading.csv.record_grammar import Dialect

SAMPLE_BYTES = 1024 * 1024
_STRANGE = (b"^", b"~", b"\x1f", b"\x01")
"""Signs that do not occur in names."""
_UNUSUAL = (b":", b" ", *_STRANGE)
_NO_DELIMITERS = (b"\x1f", b"\x1e", b"\x1d", b"\x1c", b"\x01", b"\x02")
"""Where there is one column, one of these that does not occur takes the delimiter's place."""
_ESCAPE = b"\\"
_HALF, _NEARLY_ALL = 0.5, 0.9
_CLEARER = 0.05
"""Lead in score that one of two readings needs."""
_FEW_ROWS = 3
_GAP = re.compile(rb"\S {2,}\S")


@dataclass(frozen=True)
class _Sample:
    """The sample that candidates read."""

    text: bytes
    encoding: str
    whole_file: bool
    fixed: Dialect
    """Known parts of the dialect; empty ones are searched for."""

    def best(self, delimiter: bytes) -> Reading:
        """Return the reading with the quote, escape and padding that fit a delimiter best."""
        dialects = _written(self.text, delimiter, self._quoted)
        return max(map(self.read, dialects), key=_explained)

    @cached_property
    def _quoted(self) -> tuple[Dialect, ...]:
        """Known parts with each quote that may be meant: what is inside of it ends no line."""
        quotes = [b'"', *([b"'"] if b"'" in self.text else [])]
        return tuple(
            replace(self.fixed, quote=quote, cr_ends=ends_with_cr(self.text, quote))
            for quote in ([self.fixed.quote] if self.fixed.quote else quotes)
        )

    def read(self, dialect: Dialect) -> Reading:
        return read_sample(self.text, dialect, encoding=self.encoding, whole_file=self.whole_file)


def find_reading(text: bytes, *, encoding: str, whole_file: bool, fixed: Dialect) -> Reading:
    """Return the reading that explains the start of a text best.

    Parts of `fixed` that are not empty are given. Raises InputRefused if two readings are equally
    good.
    """
    sample = _Sample(text, encoding, whole_file, fixed)
    if fixed.delimiter:
        return sample.best(fixed.delimiter)
    usual = [sample.best(delimiter) for delimiter in USUAL if delimiter in text]
    splitting = [reading for reading in usual if reading.splits]
    clear = [reading for reading in splitting if reading.is_clear and _heads(reading)]
    if len(clear) == 1 and not any(_may_rival(r) for r in splitting if r is not clear[0]):
        return clear[0]
    single = _single(sample)
    if not single.records and not splitting:
        # Only blank lines, or the start of a line that is longer than the sample.
        return single
    _refuse_aligned(single)
    if not splitting or max(r.score for r in splitting) < single.score:
        unusual = _unusual(sample, single)
        if unusual:
            return unusual
    best = _choose(splitting, single)
    return _one_column(best, usual, sample) if best is single else best


def _single(sample: _Sample) -> Reading:
    """Return the reading in which each line is one field."""
    unused = (d for d in _NO_DELIMITERS if d not in sample.text)
    return sample.best(next(unused, _NO_DELIMITERS[0]))


def _heads(reading: Reading) -> bool:
    """Whether the first record may hold names, which are not split by accident."""
    return reading.heading is not Verdict.ROW


def _one_column(single: Reading, usual: Sequence[Reading], sample: _Sample) -> Reading:
    """Return the reading of one column.

    A delimiter that occurs in a few values, which are neither numbers nor sentences, should not be
    there: it is kept as the delimiter, so that those records have a field too many.
    """
    _refuse_uneven(single, usual)
    _refuse_quoted_whole(single)
    few = [r for r in usual if r.width == 1 and _breaks_few(r, single)]
    if len(few) < len(usual):
        return single
    delimiter = few[0].dialect.delimiter if few else b","
    return sample.read(replace(single.dialect, delimiter=delimiter))


def _breaks_few(reading: Reading, single: Reading) -> bool:
    broken = [i for i, width in enumerate(reading.widths) if width > 1]
    cells = [cell for i in broken if i < single.records for cell in single.cells(i)]
    return len(broken) < _HALF * reading.records and not all(map(is_whole_value, cells))


def _may_rival(reading: Reading) -> bool:
    """Whether a reading may compete with one under which all records agree."""
    return reading.agreeing >= _HALF and (not reading.above or reading.is_titled)


def _written(sample: bytes, delimiter: bytes, quoted: Sequence[Dialect]) -> list[Dialect]:
    padded = delimiter != b" " and _follows_first(sample, delimiter)
    found: list[Dialect] = []
    for known, padding in product(quoted, (b"", b" ") if padded else (b"",)):
        plain = replace(known, delimiter=delimiter, padding=padding)
        found.append(plain)
        if not known.escape and _ESCAPE + known.quote in sample:
            found.append(replace(plain, escape=_ESCAPE))
    return found


def _follows_first(sample: bytes, delimiter: bytes) -> bool:
    """Whether a space follows the first delimiter, as padding follows every delimiter."""
    return sample.startswith(delimiter + b" ", sample.find(delimiter))


def _explained(reading: Reading) -> tuple[float, bool, bool, bool]:
    """Return a sort key: agreement first, then what is usual and simpler."""
    dialect = reading.dialect
    looked_at = min(reading.records, QUOTES_LOOKED_AT) - reading.above - 1
    other = dialect.quote != b'"'
    usual = other and (reading.quoted >= max(1, _NEARLY_ALL * looked_at) or reading.is_all_quoted)
    foreign = other and not usual
    unpadded = bool(dialect.padding) and not reading.is_padded
    # If a wrong quote makes records malformed, the few last ones would agree with each other.
    agreeing = reading.agreeing * (1 - reading.above / max(1, reading.records))
    return (
        # Quotes around nearly all fields are quotes, even if others become malformed by that.
        round(
            min(1, agreeing + 0.1 * (usual and agreeing >= _NEARLY_ALL))
            - 0.001 * reading.above
            - 0.002 * foreign
            - 2 * unpadded,
            3,
        ),
        bool(dialect.padding),
        dialect.quote != b'"' and not foreign,
        not dialect.escape,
    )


def _unusual(sample: _Sample, single: Reading) -> Reading | None:
    """Return a reading by colon, space or the like, if there is a convincing one.

    It must split a text that nothing else splits, including its header. Times, addresses and
    sentences in one column are left whole.
    """
    found = [sample.best(d) for d in _UNUSUAL if d in sample.text]
    found = [r for r in found if r.splits and not r.above and r.agreeing >= _NEARLY_ALL]
    found = [r for r in found if r.score > _least_score(r, single) and not _are_words(r)]
    best = max(found, key=lambda reading: reading.score, default=None)
    in_two = best and best.dialect.delimiter == b" " and best.width == 2 and not best.quoted
    if best and (in_two or not _heads(best)):
        _refuse([best, single])
    return best


def _least_score(reading: Reading, single: Reading) -> float:
    """Return the score that a reading has to exceed.

    Signs that do not occur in names need not be clearer than what they may be part of, such as an
    address.
    """
    strange = reading.dialect.delimiter in _STRANGE
    return single.score + (-_CLEARER if strange else _CLEARER)


def _are_words(reading: Reading) -> bool:
    """Whether the fields that a space separates may be the words of names."""
    if reading.dialect.delimiter != b" " or reading.quoted:
        return False
    columns = zip(*reading.table[1:], strict=True)
    return not any(is_typed(main_kind(column)[0]) for column in columns)


def _choose(splitting: Sequence[Reading], single: Reading) -> Reading:
    # A delimiter that splits names is not part of the values of one column.
    headed = [r for r in splitting if not r.above and r.agreeing >= _HALF]
    below = [r for r in splitting if r.widths[0] == 1] or not splitting
    agreeing = max((r.agreeing for r in headed), default=0.0)
    titled = [r for r in splitting if r.agreeing > agreeing and r not in headed and r.is_titled]
    candidates = [*headed, *titled] if headed else splitting
    if not any(map(_heads, headed)) and (below or headed):
        candidates = [*candidates, single]
    best, *others = sorted(candidates, key=lambda reading: -reading.score)
    rivals = [r for r in others if r.score > best.score - _CLEARER and not _is_plainer(best, r)]
    rivals += [r for r in others if r not in rivals and r.is_clear and _may_be_meant(best, r)]
    if rivals:
        _refuse([best, *rivals])
    return best


def _may_be_meant(best: Reading, other: Reading) -> bool:
    """Whether another reading, under which all records agree, may be right although it is worse.

    It may if there are few records, or if the values of the best reading are not well typed either.
    """
    few = best.is_clear and best.records <= _FEW_ROWS
    if few and not (best.is_of_whole_values and other.pieces):
        return True
    return 0 < best.pieces >= other.pieces


def _is_plainer(best: Reading, other: Reading) -> bool:
    """Whether several columns compete with one column, which cannot be what was written."""
    return best.splits and other.width == 1 and not best.may_be_one_column


def _refuse_aligned(single: Reading) -> None:
    """Raise InputRefused for columns that are aligned with spaces and so have no delimiter."""
    lines = [single.raw(i).strip() for i in range(min(single.records, QUOTES_LOOKED_AT))]
    if len(lines) > 1 and _GAP.search(lines[0]):
        gaps = sum(bool(_GAP.search(line)) for line in lines)
        if gaps >= _NEARLY_ALL * len(lines):
            raise InputRefused(
                "its columns are aligned with spaces, of which any number may stand between two "
                f"values ({_shown(lines[0])}): save the file with a delimiter, or declare that of "
                "this one in the contract of the dataset (csv)"
            )


def _refuse_uneven(single: Reading, usual: Sequence[Reading]) -> None:
    """Raise InputRefused if a delimiter splits the first record, and most or none of the others.

    In most records, if not equally often, it is hardly part of one column; in no other record, the
    first may be a title.
    """
    for reading in (reading for reading in usual if reading.records):
        first, *others = reading.widths
        if reading.is_clear:
            _refuse([single, reading])
        if is_typed(main_kind(row[0] for row in single.table)[0]):
            continue
        split = sum(width != 1 for width in others)
        if first > 1 and others and (not split or split > _HALF * len(others)):
            raise InputRefused(
                f"the first record has {first} fields by {NAMES[reading.dialect.delimiter]}, and "
                f"the others have other numbers of them ({_shown(single.raw(0))}): put quotes "
                "around values that contain a delimiter or a line end, or declare the delimiter "
                "in the contract of the dataset (csv)"
            )


def _refuse_quoted_whole(single: Reading) -> None:
    """Raise InputRefused for records that are quoted as a whole, as if they were one value."""
    looked_at = range(min(single.records, QUOTES_LOOKED_AT))
    quote = single.dialect.quote
    cells = [single.cells(i) for i in looked_at if single.raw(i)[:1] == quote]
    if len(cells) < max(2, len(looked_at)):
        return
    for delimiter, name in USUAL.items():
        first, *rows = [row[0].split(delimiter.decode()) for row in cells]
        even = len(first) > 1 and all(len(row) == len(first) for row in rows)
        if even and judge_header(first, rows) is Verdict.HEADER:
            raise InputRefused(
                f"each record is in quotes as a whole, with {len(first)} fields in it by "
                f"{name} ({_shown(single.raw(0))}): put quotes around each field, or declare the "
                "delimiter in the contract of the dataset (csv) if it is one column"
            )


def _shown(raw: bytes) -> str:
    return raw[:60].decode("utf-8", "backslashreplace")


def _refuse(readings: Sequence[Reading]) -> None:
    readings = sorted(
        readings, key=lambda r: [*USUAL, r.dialect.delimiter].index(r.dialect.delimiter)
    )
    named = " and by ".join(reading.name for reading in readings if reading.splits)
    if not all(reading.splits for reading in readings):
        named += ", or are one column"
    shown = " or ".join(str(reading.shown) for reading in readings)
    raise InputRefused(
        f"the delimiter is ambiguous: the records can be split by {named}; one of them reads "
        f"{shown}. Put quotes around values that contain a delimiter, or declare delimiter and "
        "header in the contract of the dataset (csv)"
    )
