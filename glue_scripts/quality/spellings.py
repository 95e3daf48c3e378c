"""The meaning of names: a column may go by its name, or by what the files and the contract call it.

A frame's fields carry other spellings in their metadata, which Spark passes on with the columns.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from pyspark.sql import DataFrame

from quality.errors import SqlRefused
from quality.names import quoted
from quality.sql_tokens import Kind, Token, tokens_of

SPELLINGS = "spellings"
"""Key of a field's metadata: a list of names."""


@dataclass(frozen=True)
class Spellings:
    """The names of one table's columns, or of those of the tables that a query reads."""

    columns: tuple[Mapping[str, str], ...]
    """For each table the column that a name means: what the files call one wins over what another
    is called in the table."""

    @classmethod
    def of(cls, *frames: DataFrame) -> Spellings:
        return cls(tuple(map(_meant, frames)))

    def column(self, name: str) -> str | None:
        """The column that is called so, by the files, by a contract or in the table."""
        found = {columns[name] for columns in self.columns if name in columns}
        if len(found) > 1:
            raise SqlRefused(
                f"`{name}` is column {' in one table and '.join(sorted(found))} in another: "
                "write the columns' names"
            )
        return next(iter(found), None)

    def bare(self, word: str) -> str | None:
        """The same for a name without quotes, which SQL has in any case: that of a column, or a
        source name whose words are joined in another way, as in `OrderId`."""
        if unicodedata.normalize("NFC", word.lower()) in self._folded:
            return None
        found = self.column(word) if self._is_spelled(word) else None
        return found if found and _letters(found) == _letters(word) else None

    def _is_spelled(self, word: str) -> bool:
        return any(word in columns for columns in self.columns)

    @cached_property
    def _folded(self) -> frozenset[str]:
        return frozenset(name.lower() for table in self.columns for name in table.values())


NO_SPELLINGS = Spellings(())


def respelled(sql: str, spellings: Spellings, *, tables: Iterable[str] = ()) -> str:
    """The SQL with the columns' names in the place of other spellings, and with quotes around
    what Spark takes for a name only then, such as `имя`. Texts, comments, names of tables and of
    functions stay as they are."""
    written = tokens_of(sql)
    kept = {table.lower() for table in tables}
    places = [place for place, token in enumerate(written) if token.kind is not Kind.SPACE]
    spelled = [token.written for token in written]
    for number, place in enumerate(places):
        before = "".join(spelled[i] for i in places[max(number - 2, 0) : number])
        after = "".join(spelled[i] for i in places[number + 1 : number + 2])
        token = written[place]
        if token.name.lower() not in kept and _may_be_column(token, before, after):
            spelled[place] = _respelled(token, spellings)
    return "".join(spelled)


def _meant(frame: DataFrame) -> Mapping[str, str]:
    fields = frame.schema.fields
    meant = {field.name: field.name for field in fields}
    for field in fields:
        meant |= dict.fromkeys(field.metadata.get(SPELLINGS, ()), field.name)
    return meant


def _may_be_column(token: Token, before: str, after: str) -> bool:
    """It is no text, no sign, no function, and no field of what an expression gives."""
    if token.kind is Kind.WORD and after == "(":
        return False
    return token.kind in (Kind.WORD, Kind.NAME) and before[-2:] not in (").", "].")


def _respelled(token: Token, spellings: Spellings) -> str:
    if token.kind is Kind.NAME:
        found = spellings.column(token.name)
        return token.written if found is None else quoted(found)
    if token.written[0].isdigit():
        return token.written
    found = spellings.bare(token.written)
    if found is not None:
        return quoted(found)
    if token.written.isascii():
        return token.written
    return quoted(unicodedata.normalize("NFC", token.written))


def _letters(name: str) -> str:
    return name.replace("_", "").lower()
