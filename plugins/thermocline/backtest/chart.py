"""The backtest as one self-contained page: inline SVG, no script, nothing fetched."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import floor

from thermocline.backtest.measurement import Row
from thermocline.backtest.rankings import HEAT, METHODS
from thermocline.templates import render

COLOURS = {METHODS[0]: "#d1495b", METHODS[1]: "#8d99ae", METHODS[2]: "#edae49", METHODS[3]: "#30638e"}
NAMES = dict(zip(METHODS, ("Heat", "Recency", "RFM rank sum", "Logistic regression"), strict=True))
SHADES = ("#f2b5bd", "#e5808d", "#d1495b", "#8f2a39", "#5b1521")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 620, 380, 56, 150, 16, 44


@dataclass(frozen=True)
class Line:
    """A straight line of the grid."""

    x1: float
    y1: float
    x2: float
    y2: float
    colour: str
    is_dashed: bool = False


@dataclass(frozen=True)
class Words:
    """A text at a place; anchor: start, middle or end."""

    x: float
    y: float
    words: str
    anchor: str = "start"


@dataclass(frozen=True)
class Point:
    """A point of a curve, with the words that are shown when it is pointed at."""

    x: float
    y: float
    words: str


@dataclass(frozen=True)
class Curve:
    """Points that belong together, joined by a line."""

    points: Sequence[Point]
    colour: str
    width: float
    radius: int


@dataclass(frozen=True)
class Key:
    """A name of the legend, beside a dot of its colour."""

    x: float
    y: float
    words: str
    colour: str


@dataclass
class Chart:
    """What a chart's SVG holds, in its own coordinates."""

    title: str
    rules: list[Line] = field(default_factory=list)
    texts: list[Words] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    width: int = WIDTH
    height: int = HEIGHT

    def grid_line(self, y: float, words: str) -> None:
        self.rules.append(Line(LEFT, y, WIDTH - RIGHT, y, "#e5e5e5"))
        self.texts.append(Words(LEFT - 8, y + 4, words, "end"))

    def name_curves(self, ends: Sequence[tuple[float, str, str]]) -> None:
        """Name each curve, given by height, name and colour, at its height or just below the name above."""
        lowest = 0.0
        for y, words, colour in sorted(ends):
            lowest = max(y, lowest + 16)
            self.keys.append(Key(WIDTH - RIGHT + 14, round(lowest, 1), words, colour))


def page(rows: Sequence[Row]) -> str:
    """Return the HTML of a backtest's rows."""
    rankings = [row for row in rows if row.measure == "ranking"]
    heat = [row for row in rankings if row.method == HEAT]
    days = sorted({row.cutoff_on for row in rankings})
    found = {(row.method, row.cutoff_on): row for row in rankings}
    return render(
        "backtest.html.j2",
        cutoffs=len(heat),
        accounts=heat[-1].accounts,
        horizon_days=heat[0].horizon_days,
        scorecard_version=heat[0].scorecard_version,
        auc=_auc(rankings),
        calibration=_calibration(rows),
        days=days,
        figures=[
            (
                NAMES[method],
                [(_shown(found[method, day].auc), _shown(found[method, day].brier)) for day in days],
            )
            for method in METHODS
        ],
    )


def _auc(rankings: Sequence[Row]) -> Chart:
    days = sorted({row.cutoff_on for row in rankings})
    figures = [row.auc for row in rankings if row.auc is not None]
    low, high = floor(min([0.5, *figures]) * 20) / 20, min(1.0, max([0.6, *figures]) + 0.03)
    span = max((days[-1] - days[0]).days, 1)

    def across(position: float) -> float:
        return round(LEFT + 12 + position * (WIDTH - LEFT - RIGHT - 24), 1)

    def up(value: float) -> float:
        return round(TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    chart = Chart("AUC of each ranking at each cut-off")
    for value in _steps(low, high, 0.05):
        chart.grid_line(up(value), f"{value:.2f}")
    places = {day: across((day - days[0]).days / span if len(days) > 1 else 0.5) for day in days}
    shown = -100.0
    for day in days:
        if places[day] - shown >= 70:
            chart.texts.append(Words(places[day], HEIGHT - BOTTOM + 20, day.isoformat(), "middle"))
            shown = places[day]
    ends = []
    for method in METHODS:
        points = [
            Point(places[row.cutoff_on], up(row.auc), f"{NAMES[method]}, {row.cutoff_on}: {row.auc:.3f}")
            for row in rankings
            if row.method == method and row.auc is not None
        ]
        if points:
            is_heat = method == HEAT
            chart.curves.append(Curve(points, COLOURS[method], 3 if is_heat else 1.5, 4 if is_heat else 3))
            ends.append((points[-1].y, NAMES[method], COLOURS[method]))
    chart.name_curves(ends)
    return chart


def _calibration(rows: Sequence[Row]) -> Chart | None:
    deciles = [row for row in rows if row.measure == "decile" and row.method == HEAT]
    days = sorted({row.cutoff_on for row in deciles})[-len(SHADES) :]
    if not days:
        return None

    def across(value: float) -> float:
        return round(LEFT + value * (WIDTH - LEFT - RIGHT), 1)

    def up(value: float) -> float:
        return round(TOP + (1 - value) * (HEIGHT - TOP - BOTTOM), 1)

    chart = Chart("Share that ordered again by decile of probability")
    for value in _steps(0, 1, 0.2):
        chart.grid_line(up(value), f"{value:.0%}")
        chart.texts.append(Words(across(value), HEIGHT - BOTTOM + 18, f"{value:.0%}", "middle"))
    chart.texts.append(Words(across(0.5), HEIGHT - 6, "predicted; upwards: ordered again", "middle"))
    chart.rules.append(Line(across(0), up(0), across(1), up(1), "#999", is_dashed=True))
    ends = []
    for number, (day, colour) in enumerate(zip(days, SHADES[-len(days) :], strict=True)):
        points = [
            Point(
                across(row.mean_probability or 0),
                up((row.active or 0) / row.accounts),
                f"{day}, decile {row.decile}: {row.mean_probability:.2f} predicted, "
                f"{(row.active or 0) / row.accounts:.2f} happened",
            )
            for row in deciles
            if row.cutoff_on == day
        ]
        chart.curves.append(Curve(points, colour, 1.5, 3))
        ends.append((TOP + 24.0 + 18 * number, day.isoformat(), colour))
    chart.name_curves(ends)
    return chart


def _shown(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:.3f}"  # noqa: RUF001


def _steps(low: float, high: float, step: float) -> list[float]:
    return [low + step * number for number in range(int((high - low) / step + 1.000001))]
