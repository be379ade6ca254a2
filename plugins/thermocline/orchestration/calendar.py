"""Which day is screened when, in the company's own time."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from thermocline.errors import InputError
from thermocline.home import Home


@dataclass(frozen=True)
class Clock:
    """The reporting time zone, and the hour at which a day is screened without its late feeds."""

    zone: ZoneInfo
    screening_hour: float

    @classmethod
    def of(cls, home: Home) -> "Clock":
        """Read `company.yml`; UTC and 6 where it doesn't say. Raises InputError."""
        path = home.config / "company.yml"
        try:
            given = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None
        except (OSError, ValueError, yaml.YAMLError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"{path} can't be read ({reason}): correct it") from error
        company = given if isinstance(given, dict) else {}
        name, hour = company.get("time_zone", "UTC"), company.get("screening_hour", 6)
        try:
            zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
            raise InputError(
                f"{path}: time_zone {name!r} is not known: write one such as Europe/Berlin"
            ) from error
        if isinstance(hour, bool) or not isinstance(hour, int | float) or not 0 <= hour < 24:
            raise InputError(
                f"{path}: screening_hour {hour!r} is not an hour of the day: write 0 to 23"
            )
        return cls(zone, float(hour))

    def screening_time(self, day: date) -> datetime:
        """The moment at which `day` is screened whatever has come: the next day's hour."""
        local = datetime.combine(day + timedelta(days=1), time(), self.zone)
        # The hour is the clock's, also on a day that loses or gains one.
        return local + timedelta(hours=self.screening_hour)
