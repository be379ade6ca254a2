"""The documentation of what is published: dbt docs as one page in the home's site."""

import shutil

from thermocline import durable
from thermocline.building import transformation
from thermocline.company import settings
from thermocline.errors import ThermoclineError
from thermocline.home import Home


def render(home: Home, wait_seconds: float = 600) -> bool:
    """Write `site/index.html`: every model, column and test, and the lineage from export to mart.

    A page of the same models is kept; whether a new one was written. Raises WarehouseBusy where
    another run holds the warehouse, ThermoclineError where dbt could not render it.
    """
    settled = settings.read(home)
    if settled is None:
        raise ThermoclineError(f"{settings.path(home)} is missing: run thermocline run first")
    page, stamp = home.site / "index.html", home.site / ".index.of"
    shown = transformation.project_hash()
    if page.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == shown:
        return False
    with home.writer("rendering the documentation", wait_seconds):
        succeeded, reason = transformation.invoke(
            home, ["docs", "generate", "--static", "--no-compile"], settled
        )
    rendered = transformation.target_folder(home) / "static_index.html"
    if not succeeded or not rendered.exists():
        raise ThermoclineError(
            f"the documentation was not rendered ({reason or 'no page'}): see {transformation.log_file(home)}"
        )
    temporary = home.site / ".index.html.new"
    shutil.copyfile(rendered, temporary)
    temporary.replace(page)
    durable.replace(stamp, shown.encode())
    return True
