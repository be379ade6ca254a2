"""What a build knows about itself, kept with its candidate and in the ledger."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from thermocline import durable
from thermocline.errors import ThermoclineError

FIGURES = ("accounts", "hot", "cold", "unattributed_revenue", "quarantined_rows")


@dataclass(frozen=True, order=True)
class Input:
    """A landed file that the build read; path is relative to the source's location."""

    source: str
    path: str
    sha256: str
    bytes: int
    rows: int


@dataclass(frozen=True)
class Facts:
    """How a build came about; `figures` holds at least FIGURES, as integers or decimals.

    records: SHA-256 by name of what `records` kept.
    dbt: {"expected": tests and models expected, "passed": ..., "failed": [names]}.
    """

    as_of_date: date
    scorecard_version: int
    reporting_currency: str
    code_version: str
    manifest_hash: str
    inputs: tuple[Input, ...]
    dbt: Mapping[str, Any]
    figures: Mapping[str, Any]
    records: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        missing = [name for name in FIGURES if name not in self.figures]
        if missing:
            raise ThermoclineError(f"the build's facts lack the figure {missing[0]}: count it")

    @property
    def inputs_digest(self) -> str:
        """SHA-256 of the canonical JSON of the sorted [source, path, sha256] of all inputs."""
        named = sorted({(item.source, item.path, item.sha256) for item in self.inputs})
        return hashlib.sha256(durable.canonical(named)).hexdigest()

    def to_json(self) -> dict[str, Any]:
        figures = {
            name: value if isinstance(value, int | None) else str(value)
            for name, value in self.figures.items()
        }
        return {
            **asdict(self),
            "as_of_date": self.as_of_date.isoformat(),
            "figures": figures,
            "dbt": dict(self.dbt),
            "records": dict(self.records),
            "inputs": [asdict(item) for item in sorted(self.inputs)],
            "inputs_digest": self.inputs_digest,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Facts":
        given = {name: value for name, value in stored.items() if name != "inputs_digest"}
        return cls(
            **{
                **given,
                "as_of_date": date.fromisoformat(stored["as_of_date"]),
                "inputs": tuple(Input(**item) for item in stored["inputs"]),
            }
        )
