"""A home of one test, and a place for Airflow."""

import os
import tempfile
from pathlib import Path

import pytest
from thermocline.home import Home

# Importing Airflow reads its home from the environment, once.
os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="airflow-"))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("THERMOCLINE_HOME", str(tmp_path / "home"))
    return Home.current().prepare()
