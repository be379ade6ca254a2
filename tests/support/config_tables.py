"""Rows of the files in config, as people write them."""

from thermocline.company import tables
from thermocline.home import Home

SCORECARD = {
    "scorecard_version": "1",
    "effective_from": "0001-01-01",
    "author": "ann",
    "epoch": "2024-01-01",
    "typical_invoice": "200",
    "half_life_days": "120",
    "hot_at": "1",
    "cold_at": "0.5",
}
OVERRIDE = {
    "account_id": "crm:1",
    "temperature": "hot",
    "reason": "key account",
    "approver": "ann",
    "valid_from": "2024-01-01",
    "valid_until": "2024-01-31",
}


def write(home: Home, name: str, *rows: dict[str, str]) -> None:
    table = next(table for table in tables.TABLES if table.name == name)
    lines = [",".join(table.columns)]
    lines += [",".join(row.get(column, "") for column in table.columns) for row in rows]
    (home.config / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
