"""Values of rules as those of a column: what can be compared with what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pyspark.sql import Column
from pyspark.sql import functions as sf
from pyspark.sql import types as st

from dqdl.syntax import Moment, Operand, Text
from quality.errors import CannotJudge
from quality.names import named, quoted
from quality.quantities import Past, Quantity, resolved

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_DIGITS = 38
_MICROSECOND = timedelta(microseconds=1)
NUMERIC = (st.NumericType,)
TEMPORAL = (st.DateType, st.TimestampType, st.TimestampNTZType)
FLOATING = (st.FloatType, st.DoubleType)
TEXTUAL = (st.StringType,)


@dataclass(frozen=True)
class TypedColumn:
    """A column and its type. Dates and times are microseconds since 1970, in UTC: so nothing
    depends on a session's time zone."""

    name: str
    type: st.DataType

    @property
    def value(self) -> Column:
        """The values that comparisons see: NaN is none."""
        column = named(self.name)
        if isinstance(self.type, FLOATING):
            return sf.when(~sf.isnan(column), column)
        return microseconds(column, self.name, self.type) if self.is_temporal else column

    @property
    def is_text(self) -> bool:
        return isinstance(self.type, TEXTUAL)

    @property
    def is_temporal(self) -> bool:
        return isinstance(self.type, TEMPORAL)

    @property
    def is_number(self) -> bool:
        return isinstance(self.type, NUMERIC)

    def literal(self, operand: Operand, *, at: datetime, past: Past) -> Column:
        """The operand as a value of this column."""
        if isinstance(operand, Text):
            return self._of_text(operand.value)
        if isinstance(operand, Moment):
            if not self.is_temporal:
                raise self._mismatch("a time")
            return sf.lit(micros_of(at + operand.offset))
        if not self.is_number:
            raise self._mismatch("a number")
        return self._of_number(resolved(operand, past))

    def _of_text(self, text: str) -> Column:
        readers: tuple[tuple[tuple[type, ...], Callable[[str], Column]], ...] = (
            (TEXTUAL, sf.lit),
            (NUMERIC, lambda text: self._of_number(Decimal(text))),
            (TEMPORAL, lambda text: sf.lit(micros_of(datetime.fromisoformat(text)))),
            ((st.BooleanType,), lambda text: sf.lit({"true": True, "false": False}[text.lower()])),
        )
        for types, read in readers:
            if isinstance(self.type, types):
                try:
                    return read(text)
                except (ArithmeticError, ValueError, KeyError):
                    break
        raise self._mismatch(f'"{text}"')

    def _of_number(self, number: Quantity | Decimal) -> Column:
        if isinstance(self.type, FLOATING):
            return sf.lit(float(number)).cast(self.type)
        exact = number if isinstance(number, Decimal) else _decimal(number)
        if exact is None or len(f"{abs(exact):f}") > _MOST_DIGITS:
            return sf.lit(float(number))
        return sf.lit(Decimal(f"{exact:f}"))

    def _mismatch(self, what: str) -> CannotJudge:
        return CannotJudge(
            f'"{self.name}" is of type {self.type.simpleString()}, and {what} cannot be compared '
            "with that: compare with a value of its type, or change the column's type"
        )


def _decimal(number: Quantity) -> Decimal | None:
    """None for a float: it came out of a calculation and is compared as one."""
    if isinstance(number, float):
        return None
    return Decimal(number.numerator) / Decimal(number.denominator)


def micros_of(moment: datetime) -> int:
    """Microseconds since 1970. A time without a zone is UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _MICROSECOND


def microseconds(column: Column, name: str, of: st.DataType) -> Column:
    """The same of a column; a date is the midnight that it begins with."""
    if isinstance(of, st.DateType):
        return sf.unix_date(column).cast("long") * 86_400_000_000
    if isinstance(of, st.TimestampType):
        return sf.unix_micros(column)
    start = "TIMESTAMP_NTZ'1970-01-01 00:00:00'"
    return sf.expr(f"timestampdiff(MICROSECOND, {start}, {quoted(name)})")


class TextLength(TypedColumn):
    """The number of characters of a text. A null has none, as AWS has it."""

    def __init__(self, column: TypedColumn) -> None:
        if not column.is_text:
            raise CannotJudge(
                f'"{column.name}" is of type {column.type.simpleString()}, and only text has a '
                "length: compare its values instead"
            )
        super().__init__(column.name, st.LongType())

    @property
    def value(self) -> Column:
        return sf.coalesce(sf.char_length(named(self.name)), sf.lit(0)).cast("long")
