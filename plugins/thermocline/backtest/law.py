"""The cooling law at any past day and under any constants, in the dbt macros' own arithmetic."""

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import pandas as pd
from jinja2 import Environment

from thermocline.backtest.history import DIMENSIONS, History
from thermocline.building.transformation import DBT_PROJECT


@dataclass(frozen=True)
class Law:
    """The constants that a scorecard sets.

    factors: by dimension, what its degrees of the version in force are multiplied by.
    """

    epoch: date
    half_life_days: Decimal
    hot_at: Decimal
    cold_at: Decimal
    factors: dict[str, Decimal] = field(default_factory=dict)

    @classmethod
    def in_force(cls, history: History) -> "Law":
        card = history.scorecard
        return cls(card["epoch"], card["half_life_days"], card["hot_at"], card["cold_at"])

    def scaled(self, dimension: str, factor: Decimal) -> "Law":
        return replace(self, factors={**self.factors, dimension: factor})


def snapshot(history: History, law: Law, cutoff: date, horizon_days: int = 0) -> pd.DataFrame:
    """Return one row per account with a positive invoice up to the cut-off, ordered by account_id.

    Columns: recency_days, frequency (positive invoices), value (their sum), heat and is_hot at the end
    of the cut-off, is_active (a positive invoice in the horizon_days after it). All but is_active come
    from records dated up to the cut-off.
    """
    frame = history.connection.execute(
        _snapshot_query(tuple(sorted(law.factors.items()))),
        {
            "cutoff": cutoff,
            "horizon_days": horizon_days,
            "epoch": law.epoch,
            "half_life_days": law.half_life_days,
            "hot_at": law.hot_at,
            "cold_at": law.cold_at,
        },
    ).df()
    return frame.set_index("account_id")


@cache
def _macros() -> Any:
    environment = Environment(autoescape=False)  # noqa: S701  SQL, not markup
    environment.globals["return"] = lambda value: value
    environment.globals["days_between"] = lambda earlier, later: f"({later} - {earlier})"
    text = (DBT_PROJECT / "macros" / "cooling_law.sql").read_text(encoding="utf-8")
    return environment.from_string(text).module


@cache
def _snapshot_query(factors: tuple[tuple[str, Decimal], ...]) -> str:
    macros, scale = _macros(), dict(factors)

    def degrees(dimension: str) -> str:
        factor = scale.get(dimension)
        return dimension if factor is None else f"cast(round({dimension} * {factor}, 9) as decimal(18, 9))"

    def heat(day: str) -> str:
        return "(" + " + ".join(macros.dimension_heat(dimension, day) for dimension in DIMENSIONS) + ")"

    added = ", ".join(
        f"cast(sum({macros.heat_integer(degrees(dimension), 'weight')}) as decimal(38, 0)) as {dimension}"
        for dimension in DIMENSIONS
    )
    sums = ", ".join(
        f"cast(sum({dimension}) over account_days as decimal(38, 0)) as sum_{dimension}"
        for dimension in DIMENSIONS
    )
    return f"""
        with constants as (
            select
                cast($cutoff as date) as cutoff,
                cast($horizon_days as integer) as horizon_days,
                cast($epoch as date) as epoch,
                cast($half_life_days as decimal(18, 9)) as half_life_days,
                cast($hot_at as decimal(18, 9)) as hot_at,
                cast($cold_at as decimal(18, 9)) as cold_at
        ),

        weighted as (
            select degrees.*, {macros.heat_weight("occurred_on")} as weight
            from degrees cross join constants
            where occurred_on <= cutoff
        ),

        added as (
            select account_id, occurred_on, {added}
            from weighted group by account_id, occurred_on
        ),

        running as (
            select account_id, occurred_on, lead(occurred_on) over account_days as next_on, {sums}
            from added
            window account_days as (partition by account_id order by occurred_on)
        ),

        heat_days as (
            select
                account_id, occurred_on, next_on, cutoff, hot_at, cold_at,
                {heat("occurred_on")} as heat,
                {heat("coalesce(next_on - 1, cutoff)")} as heat_left
            from running cross join constants
        ),

        last_hot_days as (
            select
                *,
                max(case when heat >= hot_at then occurred_on end) over (partition by account_id) as hot_on
            from heat_days
        ),

        heat_at_cutoff as (
            select
                account_id,
                max(case when next_on is null then heat_left end) as heat,
                coalesce(
                    min(case when occurred_on >= hot_on then least(heat, heat_left) end) >= min(cold_at),
                    false
                ) as is_hot
            from last_hot_days
            group by account_id
        ),

        invoiced as (
            select
                account_id,
                cutoff - max(issued_on) filter (issued_on <= cutoff) as recency_days,
                count(*) filter (issued_on <= cutoff) as frequency,
                cast(sum(amount) filter (issued_on <= cutoff) as double) as value,
                count(*) filter (issued_on > cutoff and issued_on <= cutoff + horizon_days) > 0 as is_active
            from invoices cross join constants
            group by account_id, cutoff
        )

        select
            invoiced.account_id,
            recency_days,
            frequency,
            value,
            cast(coalesce(heat, 0) as double) as heat,
            coalesce(is_hot, false) as is_hot,
            is_active
        from invoiced
        left join heat_at_cutoff on invoiced.account_id = heat_at_cutoff.account_id
        where frequency > 0
        order by invoiced.account_id
    """
