"""Columns on the page: a card for each, with what its values look like."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from quality_report.charts import bars
from quality_report.figures import ColumnProfile, Kind, Profile, as_number
from quality_report.markup import NAME, Markup, data, joined, tag
from quality_report.wording import figure, percent, plural

_TOP = 6
_EXAMPLES = 3
_LONGEST = 50
_BEGINNING, _END = 29, 20
_MEDIAN = 0.5


def column_section(profile: Profile, failing: Collection[str]) -> Markup:
    """`failing` names the columns of rules that failed."""
    cards = [_card(column, profile.rows, column.name in failing) for column in profile.columns]
    return tag(
        "section",
        tag("h2", "Columns", tag("small", str(profile.column_count)), id="columns-title"),
        _remarks(profile),
        tag("div", *cards, class_="grid"),
        id="columns",
        aria_labelledby="columns-title",
    )


def _remarks(profile: Profile) -> Markup | None:
    said = []
    if profile.rows > profile.sample:
        said.append(f"Bars and frequent values are of about {profile.sample:,} rows.")
    if profile.left_out:
        names = joined(
            [
                data(", ".join(name[:NAME] for name in profile.left_out[:20])),
                "…" * (len(profile.left_out) > 20),
            ]
        )
        said.append(
            joined([f"Not profiled: {plural(len(profile.left_out), 'more column')} (", names, ")."])
        )
    if not said:
        return None
    lines = [tag("p", line, class_="quiet") for line in said]
    return tag("div", *lines, class_="remarks")


def _card(column: ColumnProfile, rows: int, failing: bool) -> Markup:
    return tag(
        "article",
        tag(
            "header",
            tag("h3", data(column.name, NAME), class_="name"),
            tag("span", "rule failed", class_="pill bad") if failing else None,
            tag("span", data(column.type, NAME), class_="type"),
        ),
        _filled(column, rows),
        _picture(column),
        tag("dl", joined(_facts(column)), class_="facts"),
        class_="card column",
    )


def _filled(column: ColumnProfile, rows: int) -> Markup:
    filled = rows - column.nulls
    tone = "full" if filled == rows else "warn" if filled else "bad"
    share = f"{filled / rows * 100:.1f}%" if rows else "0%"
    said = f"{percent(filled, rows)} filled" if rows else "no rows"
    missing = plural(column.nulls, "null") if column.nulls else "no nulls" if rows else ""
    return tag(
        "div",
        tag("span", said),
        tag("span", missing, class_="quiet"),
        tag("span", tag("i", style=f"--w:{share}"), class_=f"meter {tone}", aria_hidden="true"),
        class_="filled",
    )


def _picture(column: ColumnProfile) -> Markup | None:
    few = column.lists_all_values and len(column.top) <= _TOP
    if column.bins and not few:
        return _histogram(column)
    if column.unique and len(column.top) > _EXAMPLES:
        return _examples(column)
    return _top_values(column) if column.top else None


def _examples(column: ColumnProfile) -> Markup:
    """Of values that each stand once, none is frequent."""
    values = [_shortened(value.value) for value in column.top[:_EXAMPLES]]
    listed = [part for value in values for part in (value, ", ")][:-1]
    said = tag("span", "For example ", class_="quiet")
    return tag("p", said, *listed, class_="examples")


def _histogram(column: ColumnProfile) -> Markup:
    most = max(column.bins, key=lambda bar: bar.rows)
    low, high = column.bins[0].low, column.bins[-1].high
    said = (
        f"Histogram from {_value(column, low)} to {_value(column, high)}; most values, "
        f"{most.rows:,}, from {_value(column, most.low)} to {_value(column, most.high)}"
    )
    ends = tag("span", _value(column, low)), tag("span", _value(column, high))
    return tag(
        "figure",
        bars([bar.rows for bar in column.bins], said),
        tag("figcaption", *ends, class_="ends"),
    )


def _top_values(column: ColumnProfile) -> Markup:
    shown = column.top[:_TOP]
    items = [_bar(_shortened(value.value), value.rows, column.looked_at) for value in shown]
    rest = column.looked_at - sum(value.rows for value in shown)
    if rest:
        others = plural(max(column.distinct_count - len(shown), 1), "other value")
        items.append(
            tag(
                "li",
                tag("span", others),
                tag("span", percent(rest, column.looked_at)),
                class_="rest quiet",
            )
        )
    return tag("ol", *items, class_="top", aria_label="Most frequent values")


def _bar(label: Markup, rows: int, whole: int) -> Markup:
    share = percent(rows, whole)
    width = f"--w:{rows / whole * 100:.1f}%"
    return tag("li", label, tag("span", share), style=width, title=plural(rows, "row"))


def _shortened(value: str) -> Markup:
    """Without its middle: addresses and paths of one kind begin alike."""
    if not value.strip():
        return tag("em", "empty text" if not value else plural(len(value), "blank character"))
    if len(value) <= _LONGEST:
        return data(value)
    return data(f"{value[:_BEGINNING]}…{value[-_END:]}")


def _facts(column: ColumnProfile) -> Sequence[Markup]:
    facts: list[tuple[str, str]] = []
    if column.distinct:
        about = "" if column.distinct.exact else "about "
        every = ", none twice" if column.unique and column.distinct.count > 1 else ""
        facts.append(("Distinct", f"{about}{column.distinct.count:,}{every}"))
    facts += _not_values(column)
    facts += _ends(column)
    median = next((one.value for one in column.quantiles if one.share == _MEDIAN), None)
    if median is not None:
        facts.append(("Median", _value(column, median)))
    if column.mean is not None:
        spread = f" ± {figure(column.deviation)}" if column.deviation is not None else ""
        facts.append(("Mean", f"{figure(column.mean)}{spread}"))
    if column.lengths:
        shortest, longest = column.lengths.shortest, column.lengths.longest
        span = f"{shortest:,}" if shortest == longest else f"{shortest:,} to {longest:,}"
        facts.append(("Length", f"{span}, mean {figure(round(column.lengths.mean, 1))}"))
    return [joined([tag("dt", name), tag("dd", data(value))]) for name, value in facts]


def _ends(column: ColumnProfile) -> list[tuple[str, str]]:
    if column.minimum is None or column.maximum is None:
        return []
    low, high = _value(column, column.minimum), _value(column, column.maximum)
    if column.kind.is_number:
        return [("Always", low) if low == high else ("Range", f"{low} to {high}")]
    if column.kind.is_temporal:
        return [("First", low), ("Last", high)]
    return []


def _not_values(column: ColumnProfile) -> list[tuple[str, str]]:
    counts = (("NaN", column.nan), ("Infinite", column.infinite), ("Blank", column.blank))
    return [(name, f"{count:,}") for name, count in counts if count]


def _value(column: ColumnProfile, text: str) -> str:
    number = as_number(text) if column.kind.is_number else None
    if number is not None:
        return figure(number)
    return text.partition(".")[0] if column.kind is Kind.TIMESTAMP else text
