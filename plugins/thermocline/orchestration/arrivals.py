"""What has come from a company's systems so far."""

import time
from datetime import date

from thermocline.home import Home

QUIET_SECONDS = 30


def covers(home: Home, system: str, day: date) -> bool:
    """Whether the deliveries landed for `system` cover `day`."""
    from thermocline.landing.coverage import covered_through

    through = covered_through(home, system)
    return through is not None and through >= day


def delivers(home: Home, system: str) -> bool:
    """Whether the company has an export of `system`; before the first delivery it may have."""
    from thermocline.landing.catalogue import sources
    from thermocline.landing.outstanding import configured

    return not sources(home) or configured(home, system)


def note_landing(home: Home) -> None:
    """Remember that something has just been landed."""
    (home.airflow / "last-landing").touch()


def is_quiet(home: Home) -> bool:
    """Whether something has been landed, and nothing more in the last half minute.

    Files of two systems are rarely dropped at the same moment, nor all files of one.
    """
    try:
        landed_at = (home.airflow / "last-landing").stat().st_mtime
    except FileNotFoundError:
        return False
    return time.time() - landed_at >= QUIET_SECONDS
