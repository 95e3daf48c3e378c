"""Charts in SVG, drawn without text: what they say stands beside them, and in their labels.

They stretch to the width that they get; strokes do not.
"""

from __future__ import annotations

from collections.abc import Sequence

from quality_report.markup import Markup, Value, joined, tag
from quality_report.results import Measured

_WIDTH = 100
_HEIGHT = 40
_MARGIN = 5
_DOTTED = 12
"""Of more values the line alone is shown, and the last."""


def gauge(score: float | None) -> Markup:
    """A ring, filled by the score. Its circumference is 100."""
    ring: dict[str, Value] = {"cx": 21, "cy": 21, "r": 15.9155, "fill": "none", "stroke_width": 3.6}
    shares = [tag("circle", class_="track", **ring)]
    if score:
        shares.append(tag("circle", class_="share", stroke_dasharray=f"{score} 100", **ring))
    said = "no score" if score is None else f"score {score:g} of 100"
    return tag("svg", *shares, viewBox="0 0 42 42", role="img", aria_label=said, class_="ring")


def bars(heights: Sequence[int], said: str) -> Markup:
    """A histogram. A bar that is not empty is never invisible."""
    most = max(heights, default=0) or 1
    path = "".join(
        f"M{place + 0.06:g} 100V{100 - max(97 * rows / most, 2):.0f}h.88V100z"
        for place, rows in enumerate(heights)
        if rows
    )
    return tag(
        "svg",
        tag("path", d=path),
        viewBox=f"0 0 {len(heights)} 100",
        preserveAspectRatio="none",
        role="img",
        aria_label=said,
        class_="bars",
    )


def line(
    points: Sequence[Measured],
    said: str,
    *,
    usual: tuple[float, float] | None = None,
    limits: tuple[float, float] | None = None,
    last: str = "",
) -> Markup:
    """Values over time, in a band of those that are usual. `last` is the class of the last."""
    scale = _Scale(points, usual, limits)
    places = [(scale.x(point), scale.y(point.value)) for point in points]
    drawn = [scale.band(usual)] if usual else []
    if len(places) > 1:
        drawn.append(tag("path", d="M" + "L".join(f"{x} {y}" for x, y in places), class_="line"))
    if len(places) <= _DOTTED:
        drawn += [_dot(place, "dot") for place in places[:-1]]
    drawn += [_dot(place, f"dot now {last}".strip()) for place in places[-1:]]
    return tag(
        "svg",
        joined(drawn),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        preserveAspectRatio="none",
        role="img",
        aria_label=said,
        class_="series",
    )


def _dot(place: tuple[float, float], class_: str) -> Markup:
    """A line without length and with round ends: it stays round when the chart is stretched."""
    x, y = place
    return tag("path", d=f"M{x} {y}h0", class_=class_)


class _Scale:
    """Time to the right and values upwards, within margins."""

    def __init__(
        self,
        points: Sequence[Measured],
        usual: tuple[float, float] | None,
        limits: tuple[float, float] | None,
    ) -> None:
        values = [point.value for point in points] + list(usual or ())
        self._low, self._high = limits or (min(values), max(values))
        moments = [point.at for point in points]
        self._start, self._end = min(moments), max(moments)

    def x(self, point: Measured) -> float:
        whole = (self._end - self._start).total_seconds()
        part = (point.at - self._start).total_seconds() / whole if whole else 0.5
        return round(2 + part * (_WIDTH - 4), 1)

    def y(self, value: float) -> float:
        """Halves, because the distance of two doubles can be beyond all of them."""
        whole = self._high / 2 - self._low / 2
        part = (value / 2 - self._low / 2) / whole if whole else 0.5
        return round(_HEIGHT - _MARGIN - part * (_HEIGHT - 2 * _MARGIN), 1)

    def band(self, usual: tuple[float, float]) -> Markup:
        low, high = self.y(usual[0]), self.y(usual[1])
        height = max(round(low - high, 1), 1)
        return tag("rect", x=0, y=high, width=_WIDTH, height=height, class_="band")
