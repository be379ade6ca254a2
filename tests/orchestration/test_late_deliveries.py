"""A delivery that comes after its day was screened has that day screened again."""

from datetime import UTC, datetime, timedelta

import pytest
from airflow.sdk.exceptions import AirflowSkipException, DagRunTriggerException
from run_contexts import context, settle
from thermocline.home import Home
from thermocline.orchestration.calendar import last_whole_day
from thermocline.orchestration.late import ScreenLate


def zone_in_which_it_is(hour: int) -> str:
    """A zone in which the time of day is now `hour` o'clock and something."""
    ahead = (hour - datetime.now(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"


@pytest.fixture
def operator() -> ScreenLate:
    return ScreenLate(task_id="screen_late")


def test_after_the_hour_the_last_whole_day_is_screened_again(home: Home, operator: ScreenLate) -> None:
    settle(home, zone_in_which_it_is(9), hour=8)
    with pytest.raises(DagRunTriggerException) as triggered:
        operator.execute(context("scheduled"))
    day = last_whole_day(home, datetime.now(UTC))
    run = triggered.value
    assert run.trigger_dag_id == "screen_accounts"
    assert run.conf == {"as_of": day.isoformat()}
    assert run.dag_run_id.startswith(f"late__{day}__")
    assert run.run_after <= datetime.now(UTC) + timedelta(seconds=1)


def test_before_the_hour_the_days_own_run_takes_the_files(home: Home, operator: ScreenLate) -> None:
    settle(home, zone_in_which_it_is(9), hour=11)
    with pytest.raises(AirflowSkipException, match="hasn't come yet"):
        operator.execute(context("scheduled"))


def test_a_run_that_still_waits_takes_the_files(home: Home, operator: ScreenLate) -> None:
    settle(home, zone_in_which_it_is(9), hour=8)
    with pytest.raises(AirflowSkipException, match="waiting"):
        operator.execute(context("scheduled", waiting=1))


def test_a_manual_run_starts_no_screening(home: Home, operator: ScreenLate) -> None:
    settle(home, zone_in_which_it_is(9), hour=8)
    with pytest.raises(AirflowSkipException):
        operator.execute(context("manual"))
