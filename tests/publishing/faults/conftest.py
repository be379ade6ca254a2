"""Companies with two targets, DuckDB and PostgreSQL, whose publisher is hurt."""

import os
from pathlib import Path

import pytest
from made_company import audit, build
from postgres_server import Server
from thermocline.home import Home
from thermocline.publishing.publication import publish
from two_targets import CONNECTION, TwoTargets

THOROUGH = bool(os.environ.get("THERMOCLINE_FAULTS"))
"""Set by `make faults`: as many of each fault as the project promises, not as many as a quick run bears."""


@pytest.fixture(scope="session")
def original_company(server: Server, tmp_path_factory: pytest.TempPathFactory) -> TwoTargets:
    """A publication of five accounts in both targets, and a candidate of seven accounts."""
    home, database = Home(tmp_path_factory.mktemp("two-targets") / "home").prepare(), server.database()
    (home.config / "company.yml").write_text(
        "reporting_currency: GBP\nkeep_publications: 3\ntargets:\n  - kind: postgres\n    connection: bi\n"
    )
    small, large = build(home), build(home, accounts=7)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(CONNECTION, database.uri)
        published = publish(home, audit(home, small).content_hash)
    return TwoTargets(home, database, (small, large), published.publication_id)


@pytest.fixture
def company(original_company: TwoTargets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TwoTargets:
    """A copy of both targets."""
    made = original_company.copy(tmp_path / "home")
    monkeypatch.setenv(CONNECTION, made.database.uri)
    return made


@pytest.fixture
def thorough() -> bool:
    return THOROUGH
