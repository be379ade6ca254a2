"""Which day is screened when, in the company's own time."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from thermocline.home import Home


def screening_time(home: Home, day: date) -> datetime:
    """Return when `day` is screened even if deliveries are missing: the next day's `screening_hour`."""
    zone, hour = _settings(home)
    return datetime.combine(day + timedelta(days=1), time(hour), ZoneInfo(zone))


def last_whole_day(home: Home, moment: datetime) -> date:
    """Return the day before `moment` (with time zone), in the company's time zone."""
    return moment.astimezone(ZoneInfo(_settings(home)[0])).date() - timedelta(days=1)


def _settings(home: Home) -> tuple[str, int]:
    from thermocline.company import settings

    settled = settings.read(home)
    if settled is None:
        settled = settings.Company(reporting_currency="")
    return settled.time_zone, settled.screening_hour
