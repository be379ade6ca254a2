"""The code that Jinja made of dbt's templates, kept beside the installed package from build to build.

dbt compiles anew in every process each model, test and macro that it comes to: a fifth of what it does for
its nodes. The same text gives the same code, so that the code is kept by its text. It runs as what is
installed does, and stands where that stands; where nothing may be written there, every build compiles.
"""

import marshal
import sys
from contextlib import suppress
from importlib.metadata import version
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from types import CodeType
from typing import Any

from thermocline import durable
from thermocline.home import INSTALLED

MOST = 2000
"""Templates kept; with more, only those that the last build used."""

Key = tuple[str, str]
"""The kind of environment, and the template."""

_kept: dict[Key, bytes] = {}
_made: dict[Key, CodeType] = {}
"""What this process has used so far."""


def file() -> Path:
    """Where they are kept."""
    return INSTALLED / "templates.marshal"


def made_by() -> tuple[bytes, int, tuple[str, ...]]:
    """What decides which code is made of a text: Python, and whoever makes it."""
    makers = ("jinja2", "dbt-common", "dbt-core")
    return MAGIC_NUMBER, sys.flags.optimize, tuple(version(name) for name in makers)


def keep() -> None:
    """Let dbt compile a template once. Raises ImportError where dbt has other ones."""
    from dbt_common.clients import jinja

    environment: Any = jinja.MacroFuzzEnvironment
    compile_anew = environment.compile
    _kept.update(_read())

    def compiled(template: Any, source: Any, *given: Any, **named: Any) -> Any:
        # Who debugs macros wants code that names its file.
        if given or named or not isinstance(source, str) or jinja.MACRO_DEBUGGING:
            return compile_anew(template, source, *given, **named)
        key = (type(template).__name__, source)
        if key not in _made:
            _made[key] = marshal.loads(_kept[key]) if key in _kept else compile_anew(template, source)  # noqa: S302
        return _made[key]

    environment.compile = compiled


def write() -> None:
    """Keep what this process has compiled for the next one."""
    if _made.keys() <= _kept.keys():
        return
    used = {key: marshal.dumps(code) for key, code in _made.items()}
    both = _read() | used
    kept = both if len(both) <= MOST else used
    _kept.update(kept)
    with suppress(OSError):
        file().parent.mkdir(exist_ok=True)
        durable.replace(file(), marshal.dumps((made_by(), kept)))


def _read() -> dict[Key, bytes]:
    with suppress(OSError, ValueError, EOFError, TypeError):
        makers, held = marshal.loads(file().read_bytes())  # noqa: S302
        if makers == made_by():
            kept: dict[Key, bytes] = held
            return kept
    return {}
