"""Escape names from delivered data for messages of one line."""

from collections.abc import Sequence


def shown(name: str, longest: int = 80) -> str:
    """Return a file or column name on one line: line breaks and control characters are escaped."""
    text = name if name.isprintable() else ascii(name)[1:-1]
    return text if len(text) <= longest else f"{text[:longest]}..."


def listed(names: Sequence[str], most: int = 12) -> str:
    """Return the first `most` names, and how many more there are."""
    text = ", ".join(shown(name) for name in names[:most])
    return text + (f" and {len(names) - most} more" if len(names) > most else "")
