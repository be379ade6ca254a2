"""A small company delivered as a folder of files, for cases that real users' exports describe."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest
from screened import Screened, screen

ScreenFiles = Callable[..., Screened]


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files, given by their path below a folder; text becomes UTF-8."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


@pytest.fixture
def screen_files(example: Screened, tmp_path: Path) -> ScreenFiles:
    """Return a function that screens files as a company of their own, from landing to publication."""

    def run(
        files: Mapping[str, str | bytes],
        as_of: date | None = None,
        config: Mapping[str, str] | None = None,
        last_whole_day: date = date.max,
    ) -> Screened:
        home = example.begin(tmp_path / "home")
        write_files(home.config, config or {})
        return screen(home, write_files(tmp_path / "exports", files), as_of, last_whole_day=last_whole_day)

    return run
