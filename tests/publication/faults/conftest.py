"""Companies with two targets, DuckDB and PostgreSQL, whose publisher is hurt."""

import os
from pathlib import Path

import pytest
from made_company import audit, build
from postgres_server import Database
from thermocline.home import Home
from thermocline.publication import publish
from two_targets import TwoTargets

THOROUGH = bool(os.environ.get("THERMOCLINE_FAULTS"))
"""Set by `make faults`: as many of each fault as the project promises, not as many as a quick run bears."""


@pytest.fixture
def company(tmp_path: Path, database: Database) -> TwoTargets:
    """A publication of five accounts in both targets, and a candidate of seven accounts."""
    home = Home(tmp_path / "home").prepare()
    (home.config / "company.yml").write_text(
        "reporting_currency: GBP\nkeep_publications: 3\ntargets:\n  - kind: postgres\n    connection: bi\n"
    )
    small, large = build(home), build(home, accounts=7)
    published = publish(home, audit(home, small).content_hash)
    return TwoTargets(home, database, (small, large), published.publication_id)


@pytest.fixture
def thorough() -> bool:
    return THOROUGH
