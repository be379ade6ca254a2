"""Text that came with data, made fit for a terminal: it is shown, never obeyed."""

from collections.abc import Sequence


def plain(text: object, longest: int = 200) -> str:
    """Return the text on one line, with what isn't printable (escapes, line breaks, text direction) escaped.

    `longest` characters at most, then an ellipsis.
    """
    shown = "".join(
        char if char.isprintable() else " " if char == "\u00a0" else char.encode("unicode_escape").decode()
        for char in str(text)
    )
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def columns(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> list[str]:
    """Return rows of cells as aligned lines, two spaces apart; columns in `right` are flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if number in right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def counted(count: int, singular: str, plural: str = "") -> str:
    """Return a count with its noun: "1 call", "2 calls"."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"
