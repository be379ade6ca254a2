"""Schedule: one screening run per day of the company's calendar."""

from airflow.sdk import CronPartitionTimetable
from airflow.sdk.configuration import conf


def every_midnight() -> CronPartitionTimetable:
    """Return a timetable with one run per midnight; its partition key is the day that has just ended.

    Midnight is in Airflow's default time zone, which `environment` sets to the company's. Keys are ISO
    dates.
    """
    return CronPartitionTimetable(
        "0 0 * * *",
        timezone=conf.get_mandatory_value("core", "default_timezone"),
        run_offset=-1,
        key_format="%Y-%m-%d",
    )
