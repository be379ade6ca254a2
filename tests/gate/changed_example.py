"""The example's candidate, changed: what a build would have frozen had its tables been others."""

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from screened import Screened
from thermocline import warehouse
from thermocline.candidates.candidate import Candidate
from thermocline.candidates.freezing import freeze
from thermocline.home import Home

Change = Callable[..., Candidate]
"""Freezes the tables anew after some SQL; keywords replace facts of the build."""


def changing(example: Screened, root: Path) -> Change:
    """Changes in a copy of the example's home."""
    home = Home(root)
    home.root.mkdir()
    for name in ("config", "candidates", "reporting"):
        shutil.copytree(example.home.root / name, home.root / name, symlinks=True)
    shutil.copy(example.home.warehouse, home.warehouse)
    shutil.copy(example.home.ledger, home.ledger)
    home.prepare()

    def changed(*statements: str, **facts: Any) -> Candidate:
        original = Candidate.read(example.home, example.built.content_hash)
        with closing(warehouse.connect(home)) as connection:
            for statement in statements:
                connection.execute(statement)
            return freeze(home, connection, type(original.facts)(**{**vars(original.facts), **facts}))

    return changed
