"""One screening run for each day of the company's calendar."""

from airflow.sdk import CronPartitionTimetable
from airflow.sdk.configuration import conf


def every_midnight() -> CronPartitionTimetable:
    """A run at each midnight whose partition key is the day that has just ended (2026-03-28).

    Midnight is that of Airflow's default time zone, which `environment` sets to the company's.
    """
    return CronPartitionTimetable(
        "0 0 * * *",
        timezone=conf.get_mandatory_value("core", "default_timezone"),
        run_offset=-1,
        key_format="%Y-%m-%d",
    )
