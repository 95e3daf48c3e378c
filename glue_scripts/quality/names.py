"""Names: of columns in a frame, and of metrics for ever."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as sf

_PLAIN = re.compile(r"[\w.$-]+")


def quoted(name: str) -> str:
    """A name as SQL wants it, whatever characters it has."""
    return "`" + name.replace("`", "``") + "`"


def named(name: str) -> Column:
    """The column of a frame that has exactly this name; a dot in it is no path."""
    return sf.col(quoted(name))


@dataclass(frozen=True)
class Metric:
    """A measure of columns."""

    measure: str
    columns: tuple[str, ...] = ()
    where: str | None = None
    condition: str = ""
    """The test of a row that counts, where it is a part of the rows."""
    subject: str = ""
    """The name that people have for it, where `Completeness of "email"` would not do."""

    @property
    def name(self) -> str:
        """`Completeness:email`, `Uniqueness:id,day where country = 'DE'`.

        A column with other characters than these is put in quotes, so that no two metrics
        share a name.
        """
        plain = [one if _PLAIN.fullmatch(one) else json.dumps(one) for one in self.columns]
        name = f"{self.measure}:{','.join(plain)}" if plain else self.measure
        name = f"{name} {self.condition}" if self.condition else name
        return f"{name} where {self.where}" if self.where else name

    @property
    def spoken(self) -> str:
        if self.subject:
            return self.subject
        columns = ", ".join(f'"{column}"' for column in self.columns)
        name = f"{self.measure} of {columns}" if columns else self.measure
        return f"{name} where {self.where}" if self.where else name
