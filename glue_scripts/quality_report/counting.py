"""The second pass over a table: how often each value stands, and how many values each bar has.

Every cell becomes a row of (column, value, bar), and these are counted. Where a table has more
rows than the sample, only columns of few values are counted in all rows: they collapse at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as sf

from quality_report.columns import LONGEST, Source
from quality_report.figures import Bin, ColumnProfile, Distinct, Kind, TopValue
from quality_report.scales import Scale, scale_of

FEW = 1_000
"""A column of at most this many values, as estimated, is counted in all rows."""
KEPT = 25
"""Top values of a column."""
_SEED = 20


@dataclass(frozen=True)
class Plan:
    """How a column is counted."""

    source: Source
    profile: ColumnProfile
    scale: Scale | None
    whole: bool
    """In all rows, not in a sample of them."""

    @property
    def cell(self) -> Column:
        """Null where there is nothing to count."""
        value = self.source.value
        text = value.cast("string")
        cut = sf.length(text) > LONGEST
        key = sf.when(cut, sf.concat(sf.left(text, sf.lit(LONGEST)), sf.sha2(text, 256))).otherwise(
            text
        )
        counted = value.isNotNull() if self.whole else value.isNotNull() & sf.col("picked")
        place = self.scale.place(value) if self.scale else sf.lit(None).cast("int")
        fields = (
            sf.lit(self.source.position).alias("position"),
            key.alias("key"),
            cut.alias("cut"),
            place.alias("bin"),
        )
        return sf.when(counted, sf.struct(*fields))


def counted(
    frame: DataFrame,
    sources: Sequence[Source],
    profiles: Sequence[ColumnProfile],
    *,
    rows: int,
    sample: int,
) -> Sequence[ColumnProfile]:
    """The profiles with what counting says of each."""
    plans = [
        Plan(source, profile, scale_of(profile), rows <= sample or profile.distinct_count <= FEW)
        for source, profile in zip(sources, profiles, strict=True)
        if profile.minimum is not None
    ]
    found = _counts(frame, plans, min(1.0, sample / rows)) if plans else {}
    complete = {plan.source.position: _completed(plan, found) for plan in plans}
    return [
        complete.get(source.position, replace(profile, distinct=_nothing(profile)))
        for source, profile in zip(sources, profiles, strict=True)
    ]


def _nothing(profile: ColumnProfile) -> Distinct | None:
    return None if profile.kind is Kind.OTHER else Distinct(0, exact=True)


def _counts(
    frame: DataFrame, plans: Sequence[Plan], fraction: float
) -> Mapping[int, Sequence[Row]]:
    """By column. Rows with a rank are top values, the others are bars."""
    picked = sf.lit(True) if fraction == 1.0 else sf.rand(_SEED) < fraction
    cells = sf.explode(sf.array(*[plan.cell for plan in plans])).alias("cell")
    values = (
        frame.withColumn("picked", picked)
        .select(cells)
        .where("cell is not null")
        .groupBy("cell.position", "cell.key", "cell.cut", "cell.bin")
        .agg(sf.count(sf.lit(1)).alias("rows"))
    )
    order = Window.partitionBy("position").orderBy(sf.desc("rows"), "key")
    top = values.withColumn("rank", sf.row_number().over(order)).where(sf.col("rank") <= KEPT)
    bars = values.groupBy("position", "bin").agg(
        sf.sum("rows").alias("rows"),
        sf.count(sf.lit(1)).alias("values"),
        sf.max("rows").alias("most"),
    )
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in top.unionByName(bars, allowMissingColumns=True).collect():
        found[row.position].append(row)
    return found


def _completed(plan: Plan, found: Mapping[int, Sequence[Row]]) -> ColumnProfile:
    rows = found.get(plan.source.position, ())
    bars = [row for row in rows if row.rank is None]
    ranked = sorted((row for row in rows if row.rank is not None), key=lambda row: int(row.rank))
    distinct = plan.profile.distinct
    if plan.whole:
        distinct = Distinct(sum(row["values"] for row in bars), exact=True)
    return replace(
        plan.profile,
        distinct=distinct,
        unique=plan.whole and all(row.most == 1 for row in bars),
        looked_at=sum(row["rows"] for row in bars),
        bins=_bins(plan, {row.bin: row["rows"] for row in bars}),
        top=tuple(_top_value(plan.source, row) for row in ranked),
    )


def _bins(plan: Plan, rows: Mapping[int, int]) -> tuple[Bin, ...]:
    if plan.scale is None:
        return ()
    edges = [
        (plan.source.text(low) or "", plan.source.text(high) or "")
        for low, high in plan.scale.edges
    ]
    return tuple(Bin(low, high, rows.get(place, 0)) for place, (low, high) in enumerate(edges))


def _top_value(source: Source, row: Row) -> TopValue:
    if row.cut:
        return TopValue(row.key[:LONGEST] + "…", row["rows"], cut=True)
    return TopValue(source.text(row.key) or "", row["rows"])
