"""A company that went the whole way, without Airflow: landed, built, audited, published."""

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from thermocline.building import transformation
from thermocline.building.build import Built, build
from thermocline.gate import audit
from thermocline.home import PROJECT, Home
from thermocline.landing.catalogue import adopt
from thermocline.landing.land import land
from thermocline.publishing import publication
from thermocline.publishing.publication import Published

SHARED_DATA = PROJECT.parent / "shared" / "data"
WHOLESALER = SHARED_DATA / "online_retail" / "by-day"


@dataclass(frozen=True)
class Screened:
    """A home with its publication; `rows` and `value` read what was published."""

    home: Home
    exports: Path
    built: Built
    published: Published

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with closing(duckdb.connect(str(publication.database(self.home)), read_only=True)) as connection:
            connection.execute("use reporting")
            return connection.execute(query, list(parameters)).fetchall()

    def value(self, query: str, *parameters: Any) -> Any:
        return self.rows(query, *parameters)[0][0]

    def copy(self, root: Path) -> Home:
        """Its home once more, for a test that goes on from there."""
        return Home(Path(shutil.copytree(self.home.root, root, symlinks=True)))

    def begin(self, root: Path, *config: str) -> Home:
        """A home without data, with these of its settings, whose dbt project is parsed and unit-tested."""
        home = Home(root).prepare()
        for name in config:
            shutil.copy(self.home.config / name, home.config / name)
        parsed = transformation.target_folder(home)
        parsed.mkdir(parents=True, exist_ok=True)
        for name in ("partial_parse.msgpack", "unit_tested"):
            shutil.copy(transformation.target_folder(self.home) / name, parsed / name)
        return home

    @property
    def truth(self) -> dict[str, Any]:
        return json.loads((self.exports / "truth.json").read_text(encoding="utf-8"))


def screen(
    home: Home,
    exports: Path,
    as_of: date | None = None,
    *,
    last_whole_day: date = date.max,
    told: Callable[[str], object] = lambda _: None,
    report: Callable[[str], object] = lambda _: None,
) -> Screened:
    """Land, build, audit and publish, `told` when each has ended; raises as those do.

    report: told what the build says.
    """
    home.prepare()
    adopt(home, exports)
    for system in ("crm", "billing"):
        land(home, system, exports, settle_seconds=0)
    told("landed")
    built = build(home, as_of, last_whole_day=last_whole_day, report=report)
    told("built")
    audit.audit(home, built.content_hash)
    told("audited")
    published = publication.publish(home, built.content_hash)
    told("published")
    return Screened(home, exports, built, published)
