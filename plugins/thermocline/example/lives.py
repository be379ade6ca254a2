"""When each party buys: spells of activity, an own rhythm, a season."""

from dataclasses import dataclass

import numpy as np

from thermocline.example.company import Company
from thermocline.example.deliveries import Array, Calendar, stream

PARTIES_AT_ONCE = 2_000
WEEKDAY = np.array([1.45, 1.45, 1.35, 1.35, 1.2, 0.17, 0.03])


@dataclass(frozen=True)
class Purchases:
    """One row per purchase, ordered by moment: who bought on which day at which second."""

    party: Array
    day: Array
    second: Array


def purchases(company: Company, calendar: Calendar, seed: int, busy: float = 1.0) -> Purchases:
    """Return purchases within the window of all parties that buy.

    Within a spell of activity a party buys at gamma-distributed intervals around its own rhythm
    (lognormal among parties), stretched by weekday and season: the interval is drawn in
    expected purchases, and the day is where the party's cumulated intensity reaches it. `busy`
    multiplies all intensities.
    """
    rng = stream(seed, "lives")
    seasons = _seasons(calendar)
    buyers = np.flatnonzero(company.buys)
    found = []
    for at in range(0, len(buyers), PARTIES_AT_ONCE):
        chunk = buyers[at : at + PARTIES_AT_ONCE]
        row, day = _days(rng, company.billing_created[chunk], seasons * busy)
        found.append((chunk[row], day))
    party = np.concatenate([parties for parties, _ in found])
    day = np.concatenate([days for _, days in found])
    second = rng.integers(8 * 3600, 17 * 3600, len(day))
    order = np.lexsort((party, second, day))
    return Purchases(party[order], day[order], second[order])


def _seasons(calendar: Calendar) -> Array:
    """Return intensity by season and day of the window: even, summer dip, Christmas only, spring only."""
    days = calendar.moment(np.arange(calendar.days), 0)
    of_year = (days - days.astype("datetime64[Y]")).astype("timedelta64[D]").astype(np.int64)
    weekday = WEEKDAY[(np.arange(calendar.days) + calendar.first_day.weekday()) % 7]
    before_christmas = (of_year >= 285) & (of_year <= 352)
    even = 1 + 0.25 * before_christmas
    summer_dip = np.where((of_year >= 190) & (of_year <= 240), 0.3, 1.1)
    christmas = np.where(before_christmas, 2.5, 0.0)
    spring = np.where((of_year >= 60) & (of_year <= 140), 2.5, 0.0)
    return np.stack([even, summer_dip, christmas, spring]) * weekday


def _days(rng: np.random.Generator, begins: Array, seasons: Array) -> tuple[Array, Array]:
    """Return (row of `begins`, day) of each purchase."""
    size, days = len(begins), seasons.shape[1]
    loyal = rng.random(size) < 0.45
    rhythm = np.clip(rng.lognormal(np.log(62), 1.2, size), 4, 700)
    season = rng.choice(4, size, p=[0.68, 0.22, 0.06, 0.04])
    rhythm = np.where(season >= 2, np.minimum(rhythm, 60), rhythm)
    shape = rng.uniform(0.9, 4, size)

    change = np.zeros((size, days + 1))
    for row, start, end in _spells(rng, begins, loyal, days):
        np.add.at(change, (row, np.clip(start, 0, days)), 1.0)
        np.add.at(change, (row, np.clip(end, 0, days)), -1.0)
    intensity = np.cumsum(change, axis=1)[:, :days] * seasons[season] / rhythm[:, None]
    reached = np.cumsum(intensity.ravel())
    total = np.diff(reached[days - 1 :: days], prepend=0.0)

    count = np.ceil(1.3 * total + 8 * np.sqrt(total) + 8).astype(np.int64)
    row = np.repeat(np.arange(size), count)
    first = np.cumsum(count) - count
    gaps = rng.gamma(shape[row]) / shape[row]
    gaps[first] *= rng.random(size)
    summed = np.cumsum(gaps)
    position = summed - np.repeat(summed[first] - gaps[first], count)
    row, position = row[position < total[row]], position[position < total[row]]
    cell = np.searchsorted(reached, position + (reached[days - 1 :: days] - total)[row])
    return row, np.clip(cell - row * days, 0, days - 1)


def _spells(
    rng: np.random.Generator, begins: Array, loyal: Array, days: int
) -> list[tuple[Array, Array, Array]]:
    """Return rounds of (row, first day, day after the last) in which the rows are active."""
    rounds = []
    row, cursor = np.arange(len(begins)), begins
    while len(row):
        active = 40 + rng.exponential(np.where(loyal[row], 1100, 330)).astype(np.int64)
        quiet = 100 + rng.exponential(170, len(row)).astype(np.int64)
        stays = rng.random(len(row)) > np.where(loyal[row], 0.12, 0.5)
        rounds.append((row, cursor, cursor + active))
        cursor = cursor + active + quiet
        row, cursor = row[stays & (cursor < days)], cursor[stays & (cursor < days)]
    return rounds
