"""Which deliveries have arrived from a company's systems."""

import time
from datetime import date

from thermocline.home import Home

QUIET_SECONDS = 30


def covers(home: Home, system: str, day: date) -> bool:
    """Return whether the deliveries landed for `system` cover `day`."""
    from thermocline.landing.coverage import covered_through

    through = covered_through(home, system)
    return through is not None and through >= day


def delivers(home: Home, system: str) -> bool:
    """Return whether the company has an export of `system`; true before the first delivery of any."""
    from thermocline.landing.catalogue import sources
    from thermocline.landing.outstanding import configured

    return not sources(home) or configured(home, system)


def note_landing(home: Home) -> None:
    """Record the time of a landing, for `is_quiet`."""
    (home.airflow / "last-landing").touch()


def is_quiet(home: Home) -> bool:
    """Return whether files were landed, but none within the last QUIET_SECONDS.

    The files of a delivery rarely arrive all at the same moment: a screening waits for the rest.
    """
    try:
        landed_at = (home.airflow / "last-landing").stat().st_mtime
    except FileNotFoundError:
        return False
    return time.time() - landed_at >= QUIET_SECONDS
