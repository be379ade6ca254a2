"""What a new user sees when the machine isn't ready: one line that says what to do, and exit code 2."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from thermocline.home import PROJECT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that an installation reads, in a folder of their own."""
    for name in ("Makefile", "constraints.txt", "pyproject.toml"):
        shutil.copy(PROJECT / name, tmp_path / name)
    shutil.copytree(PROJECT / ".ci", tmp_path / ".ci")
    return tmp_path


def install(checkout: Path, python: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "install", f"PYTHON={python}"],
        cwd=checkout,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def our_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("thermocline:")]


def test_a_python_that_is_too_old_is_named(checkout: Path) -> None:
    old = checkout / "old-python"
    old.write_text('#!/bin/sh\ncase "$2" in *print*) echo 3.9.1;; *) exit 1;; esac\n')
    old.chmod(0o755)
    done = install(checkout, str(old))
    assert done.returncode == 2
    [line] = our_lines(done.stderr)
    assert "is Python 3.9.1" in line
    assert "3.11 to 3.13" in line
    assert not (checkout / ".venv").exists()


def test_a_missing_python_is_named(checkout: Path) -> None:
    done = install(checkout, "python-that-is-not-there")
    assert done.returncode == 2
    assert "no Python found as 'python-that-is-not-there'" in our_lines(done.stderr)[0]


def test_without_a_network_nothing_counts_as_installed(checkout: Path) -> None:
    nowhere = "http://127.0.0.1:9/simple"
    done = install(
        checkout,
        sys.executable,
        PIP_INDEX_URL=nowhere,
        PIP_EXTRA_INDEX_URL="",
        PIP_CONFIG_FILE=os.devnull,
        PIP_RETRIES="0",
    )
    assert done.returncode == 2
    [line] = our_lines(done.stderr)
    assert "check the connection to your package index" in line
    assert not (checkout / ".venv" / "installed").exists()


def test_make_alone_lists_every_target(checkout: Path) -> None:
    listed = subprocess.run(["make"], cwd=checkout, capture_output=True, text=True, check=True).stdout
    targets = [
        line.split(":")[0]
        for line in (checkout / "Makefile").read_text(encoding="utf-8").splitlines()
        if line[:1].isalpha() and ":" in line and ":=" not in line and "?=" not in line
    ]
    assert "run" in targets
    for target in targets:
        assert f"make {target}" in listed, target
