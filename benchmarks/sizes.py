"""The sizes of a benchmark. Below full each thing runs once: that shows that it works, not how fast it is."""

from company import Size
from thermocline.errors import InputError

SIZES = {
    # Pasts of about 1, 10 and 30 million lines.
    "full": Size("full", 50_000, days=2_190, lines=30_000_000, past=730, runs=3, other_pasts=(68, 2_190)),
    "small": Size("small", 1_000, days=120, lines=40_000, past=120, runs=1),
    "tiny": Size("tiny", 100, days=60, lines=2_000, past=60, runs=1),
}
SMALLEST = Size("smallest", accounts=10, days=90, lines=200, past=90, runs=1)
"""What a run costs that has next to nothing to do."""


def named(name: str) -> Size:
    """Raises InputError for a size that there isn't."""
    if name not in SIZES:
        raise InputError(f"there is no size '{name}': choose one of {', '.join(SIZES)}")
    return SIZES[name]
