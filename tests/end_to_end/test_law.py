"""The published history against a naive simulation, day by day, from the published timeline alone."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from screened import Screened

HALF_LIFE, HOT_AT, COLD_AT = 120, 1.2, 0.5


@pytest.fixture(scope="module")
def degrees(example: Screened) -> dict[str, dict[date, float]]:
    """For each account the degrees of each day."""
    found: dict[str, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    for account, day, amount in example.rows(
        "select account_id, occurred_on, degrees from account_timeline where degrees is not null"
    ):
        found[account][day] += float(amount)
    return found


def simulate(degrees: dict[date, float], first: date, last: date) -> list[str]:
    """The temperature at the end of each day: yesterday's heat cooled by a day, plus today's degrees."""
    day, heat, temperature, days = first, 0.0, "cold", []
    while day <= last:
        heat = heat * 2 ** (-1 / HALF_LIFE) + degrees.get(day, 0.0)
        if heat >= HOT_AT - 1e-7:
            temperature = "hot"
        elif heat < COLD_AT - 1e-7:
            temperature = "cold"
        days.append(temperature)
        day += timedelta(days=1)
    return days


def test_heat_is_the_sum_of_the_decayed_degrees(
    example: Screened, degrees: dict[str, dict[date, float]]
) -> None:
    for account, heat in example.rows("select account_id, heat from account_segments"):
        told = sum(
            amount * 2 ** (-(example.built.as_of - day).days / HALF_LIFE)
            for day, amount in degrees.get(account, {}).items()
        )
        assert float(heat) == pytest.approx(told, abs=1e-7), account


def test_the_intervals_equal_a_day_by_day_simulation(
    example: Screened, degrees: dict[str, dict[date, float]]
) -> None:
    intervals = defaultdict(list)
    for account, temperature, begin, end in example.rows(
        "select account_id, temperature, valid_from, valid_to from account_temperature_history order by 1, 3"
    ):
        intervals[account].append((temperature, begin, end))
    assert len(intervals) == example.truth["account_segments"]
    for account, spans in intervals.items():
        told: list[str] = []
        for temperature, begin, end in spans:
            told += [temperature] * ((end or example.built.as_of + timedelta(days=1)) - begin).days
        assert told == simulate(degrees.get(account, {}), spans[0][1], example.built.as_of), account


def test_a_hot_account_is_cold_on_the_day_it_was_said_to_cool_and_hot_the_day_before(
    example: Screened, degrees: dict[str, dict[date, float]]
) -> None:
    hot = example.rows("select account_id, cools_on from account_segments where temperature = 'hot'")
    assert hot
    for account, cools_on in hot:
        first = min(degrees[account])
        days = simulate(degrees[account], first, cools_on)
        assert days[-2:] == ["hot", "cold"], account


def test_the_five_dimensions_sum_to_the_heat(example: Screened) -> None:
    assert (
        example.rows(
            "select account_id from account_segments where heat <> heat_transactions + heat_contribution "
            "+ heat_intent + heat_communication + heat_feedback"
        )
        == []
    )
    assert example.value("select max(heat) from account_segments") > Decimal(1)
