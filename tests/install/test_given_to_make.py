"""What is given to `make` reaches the command as it was written, whatever make or the shell would read."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from thermocline.home import PROJECT

SHOW = """#!/usr/bin/env python3
import json, os, sys
names = ("THERMOCLINE_HOME", "PYTHONPATH", "PYTHONWARNINGS")
print(json.dumps([sys.argv[1:], {name: os.environ.get(name) for name in names}]))
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """An installed checkout whose commands show what they were given."""
    shutil.copy(PROJECT / "Makefile", tmp_path / "Makefile")
    for name in ("constraints.txt", "pyproject.toml", ".venv/bin/thermocline", ".venv/bin/python"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(SHOW)
        file.chmod(0o755)
    (tmp_path / ".venv/installed").touch()
    return tmp_path


def make(checkout: Path, *arguments: str, **environment: str) -> tuple[list[str], dict[str, str | None]]:
    # Below `make test` it would be a make inside another, and name its directories on stdout.
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", *arguments],
        cwd=checkout,
        env={**outside, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    [given, seen] = json.loads(done.stdout)
    return given, seen


ODD = [
    "a$b",
    "a$$b",
    "$(shell touch owned)",
    "`touch owned`",
    "it's",
    'a "b" c',
    "a#b;c&d",
    "-x",
    "a\nb",
    "ö*?[",
]


@pytest.mark.parametrize("text", ODD)
def test_exports_and_day_are_given_on_as_they_are(checkout: Path, text: str) -> None:
    expected = ["run", f"--exports={text}", f"--as-of={text}"]
    assert make(checkout, "run", f"EXPORTS={text}", f"AS_OF={text}")[0] == expected
    assert make(checkout, "run", EXPORTS=text, AS_OF=text)[0] == expected
    assert not (checkout / "owned").exists()


@pytest.mark.parametrize("text", ODD)
def test_a_home_and_a_port_are_given_on_as_they_are(checkout: Path, text: str) -> None:
    given, seen = make(checkout, "up", f"PORT={text}", THERMOCLINE_HOME=text)
    assert (given[-1], seen["THERMOCLINE_HOME"]) == (text, text)
    assert make(checkout, "run", f"THERMOCLINE_HOME={text}")[1]["THERMOCLINE_HOME"] == text
    assert not (checkout / "owned").exists()


def test_without_a_home_real_exports_go_to_var(checkout: Path) -> None:
    assert make(checkout, "run", "EXPORTS=there") == (
        ["run", "--exports=there"],
        {"THERMOCLINE_HOME": "var", "PYTHONPATH": None, "PYTHONWARNINGS": None},
    )
    assert make(checkout, "up")[1]["THERMOCLINE_HOME"] == "var/example"


def test_settings_of_another_project_change_nothing(checkout: Path) -> None:
    others = {"PYTHONPATH": "/other", "PYTHONWARNINGS": "error", "MAKEFLAGS": "k -j8", "BIN": "/other"}
    assert make(checkout, "run", "EXPORTS=x", **others) == make(checkout, "run", "EXPORTS=x")


@pytest.mark.parametrize("flags", ["i", "ki", "t", "--ignore-errors"])
def test_flags_that_hide_a_failure_are_refused_in_one_line(checkout: Path, flags: str) -> None:
    done = subprocess.run(
        ["make", "run", "EXPORTS=x"],
        cwd=checkout,
        env=os.environ | {"MAKEFLAGS": flags},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert "thermocline: MAKEFLAGS holds -i or -t" in line
