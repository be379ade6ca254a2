"""The backtest as one self-contained page: inline SVG, no script, nothing fetched."""

from collections.abc import Sequence
from html import escape
from math import floor

from thermocline.evidence.measurement import Row
from thermocline.evidence.rankings import HEAT, METHODS

COLOURS = {METHODS[0]: "#d1495b", METHODS[1]: "#8d99ae", METHODS[2]: "#edae49", METHODS[3]: "#30638e"}
NAMES = dict(zip(METHODS, ("Heat", "Recency", "RFM rank sum", "Logistic regression"), strict=True))
SHADES = ("#f2b5bd", "#e5808d", "#d1495b", "#8f2a39", "#5b1521")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 620, 380, 56, 150, 16, 44

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Backtest</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }}
body {{ color: #222; background: #fff; }}
svg {{ width: 100%; height: auto; }}
svg text {{ font: 12px system-ui, sans-serif; fill: #444; }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px; }}
th, td {{ padding: .25rem .5rem; text-align: right; border-bottom: 1px solid #ddd; }}
th:first-child, td:first-child {{ text-align: left; }}
</style>
</head>
<body>
<h1>Who orders again?</h1>
<p>{introduction}</p>
<h2>Ranking: AUC by cut-off</h2>
<p>How often a ranking puts an account that ordered again before one that didn't; 0.5 is chance.</p>
{auc}
<h2>Calibration: <code>p_active_90d</code> by decile</h2>
<p>What was foretold from the heat, with earlier cut-offs only, against what happened.
On the diagonal they agree.</p>
{calibration}
<h2>Figures</h2>
{table}
</body>
</html>
"""


def page(rows: Sequence[Row]) -> str:
    """The HTML of a backtest's rows."""
    told = [row for row in rows if row.measure == "ranking" and row.method == HEAT]
    first = told[0]
    introduction = (
        f"At each of {len(told)} past cut-offs, up to {told[-1].accounts:,} accounts were ranked by what was "
        f"known then, and looked up {first.horizon_days} days later. Scorecard {first.scorecard_version}."
    )
    return _PAGE.format(
        introduction=escape(introduction),
        auc=_auc(rows),
        calibration=_calibration(rows),
        table=_table(rows),
    )


def _auc(rows: Sequence[Row]) -> str:
    days = sorted({row.cutoff_on for row in rows if row.measure == "ranking"})
    figures = [row.auc for row in rows if row.auc is not None]
    low, high = floor(min([0.5, *figures]) * 20) / 20, min(1.0, max([0.6, *figures]) + 0.03)
    span = max((days[-1] - days[0]).days, 1)

    def across(position: float) -> float:
        return LEFT + 12 + position * (WIDTH - LEFT - RIGHT - 24)

    def up(value: float) -> float:
        return TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [_grid_line(up(value), f"{value:.2f}") for value in _steps(low, high, 0.05)]
    places = {day: across((day - days[0]).days / span if len(days) > 1 else 0.5) for day in days}
    shown = -100.0
    for day in days:
        if places[day] - shown >= 70:
            parts.append(_text(places[day], HEIGHT - BOTTOM + 20, day.isoformat(), "middle"))
            shown = places[day]
    ends = []
    for method in METHODS:
        points = [
            (places[row.cutoff_on], up(row.auc), f"{NAMES[method]}, {row.cutoff_on}: {row.auc:.3f}")
            for row in rows
            if row.measure == "ranking" and row.method == method and row.auc is not None
        ]
        if points:
            parts.append(_line(points, COLOURS[method], thick=method == HEAT))
            ends.append((points[-1][1], method))
    return _svg("AUC of each ranking at each cut-off", [*parts, *_labels(ends, NAMES, COLOURS)])


def _calibration(rows: Sequence[Row]) -> str:
    def across(value: float) -> float:
        return LEFT + value * (WIDTH - LEFT - RIGHT)

    def up(value: float) -> float:
        return TOP + (1 - value) * (HEIGHT - TOP - BOTTOM)

    parts = [_grid_line(up(value), f"{value:.0%}") for value in _steps(0, 1, 0.2)]
    parts += [
        _text(across(value), HEIGHT - BOTTOM + 18, f"{value:.0%}", "middle") for value in _steps(0, 1, 0.2)
    ]
    parts.append(_text(across(0.5), HEIGHT - 6, "foretold; upwards: ordered again", "middle"))
    parts.append(
        f'<line x1="{across(0):.1f}" y1="{up(0):.1f}" x2="{across(1):.1f}" y2="{up(1):.1f}" '
        'stroke="#999" stroke-dasharray="4 4"/>'
    )
    deciles = [row for row in rows if row.measure == "decile" and row.method == HEAT]
    days = sorted({row.cutoff_on for row in deciles})
    if not days:
        return "<p>No cut-off has earlier ones whose outcomes were known: nothing could be fitted.</p>"
    shown = days[-len(SHADES) :]
    names = {day.isoformat(): day.isoformat() for day in shown}
    colours = dict(zip(names, SHADES[-len(shown) :], strict=True))
    ends = []
    for number, day in enumerate(names):
        points = [
            (
                across(row.mean_probability or 0),
                up((row.active or 0) / row.accounts),
                f"{day}, decile {row.decile}: {row.mean_probability:.2f} foretold, "
                f"{(row.active or 0) / row.accounts:.2f} happened",
            )
            for row in deciles
            if row.cutoff_on.isoformat() == day
        ]
        parts.append(_line(points, colours[day], thick=False))
        ends.append((TOP + 24.0 + 18 * number, day))
    return _svg("Share that ordered again by decile of probability", [*parts, *_labels(ends, names, colours)])


def _table(rows: Sequence[Row]) -> str:
    told = [row for row in rows if row.measure == "ranking"]
    days = sorted({row.cutoff_on for row in told})
    found = {(row.method, row.cutoff_on): row for row in told}
    head = "".join(f"<th>{day}</th>" for day in days)
    lines = [f"<tr><th>AUC / Brier score</th>{head}</tr>"]
    for method in METHODS:
        cells = [found[method, day] for day in days]
        lines.append(
            f"<tr><td>{NAMES[method]}</td>"
            + "".join(f"<td>{_shown(row.auc)} / {_shown(row.brier)}</td>" for row in cells)
            + "</tr>"
        )
    return f'<div style="overflow-x: auto"><table>{"".join(lines)}</table></div>'


def _shown(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:.3f}"  # noqa: RUF001


def _steps(low: float, high: float, step: float) -> list[float]:
    return [low + step * number for number in range(int((high - low) / step + 1.000001))]


def _svg(title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def _text(across: float, down: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{across:.1f}" y="{down:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _grid_line(down: float, words: str) -> str:
    return (
        f'<line x1="{LEFT}" y1="{down:.1f}" x2="{WIDTH - RIGHT}" y2="{down:.1f}" stroke="#e5e5e5"/>'
        + _text(LEFT - 8, down + 4, words, "end")
    )


def _line(points: Sequence[tuple[float, float, str]], colour: str, *, thick: bool) -> str:
    path = " ".join(f"{across:.1f},{down:.1f}" for across, down, _ in points)
    dots = "".join(
        f'<circle cx="{across:.1f}" cy="{down:.1f}" r="{4 if thick else 3}" fill="{colour}">'
        f"<title>{escape(words)}</title></circle>"
        for across, down, words in points
    )
    width = 3 if thick else 1.5
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>{dots}'


def _labels(ends: list[tuple[float, str]], names: dict[str, str], colours: dict[str, str]) -> list[str]:
    """A name for each line at its height, or just below the one above it."""
    parts, lowest = [], 0.0
    for down, key in sorted(ends):
        lowest = max(down, lowest + 16)
        parts.append(
            f'<circle cx="{WIDTH - RIGHT + 14}" cy="{lowest:.1f}" r="4" fill="{colours[key]}"/>'
            + _text(WIDTH - RIGHT + 24, lowest + 4, names[key])
        )
    return parts
