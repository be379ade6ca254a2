"""Small exports in the shipped vendors' formats, and the way from a folder into schema raw."""

import os
from pathlib import Path
from typing import Any

import duckdb
from thermocline import warehouse
from thermocline.home import PROJECT, Home
from thermocline.landing.land import Landing, land
from thermocline.loading.load import Loaded, load

REAL = PROJECT.parent / "shared" / "data"
WHOLESALER = REAL / "online_retail" / "by-day"
SALESFORCE = REAL / "salesforce_dataloader" / "samples"

_connections: dict[Home, duckdb.DuckDBPyConnection] = {}

LINES = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
PAYMENTS = "PaymentNo,InvoiceNo,CustomerNo,PaidOn,Amount,Currency,Method"
INVOICES = "InvoiceNo,CustomerNo,InvoiceDate,DueDate,Currency,Total,Status,Changed"
CREDIT_NOTES = "CreditNoteNo,CustomerNo,CreditedInvoiceNo,Date,Currency,Total,Changed"
ACCOUNTS = (
    "Id,IsDeleted,MasterRecordId,Name,Type,ParentId,BillingCountry,Phone,AccountNumber,OwnerId,"
    "CreatedDate,LastModifiedDate,SystemModstamp,Email__c,Legal_Form__c,Do_Not_Contact__c,"
    "Billing_Customer__c"
)
TASKS = (
    "Id,IsDeleted,AccountId,WhoId,Subject,Status,TaskSubtype,CallType,CallDisposition,"
    "ActivityDate,CompletedDateTime,CreatedDate,LastModifiedDate,SystemModstamp"
)


def payment(number: object, amount: object = "10.00", paid_on: str = "2024-01-05") -> str:
    return f"Z-{number},R-{number},K-1,{paid_on},{amount},EUR,Transfer"


def line(number: object, quantity: object = 2, price: object = "1.50") -> str:
    return f"{number},A1,A thing,{quantity},2024-01-05 08:30:00,{price},17850.0,Norway"


def write(folder: Path, path: str, header: str, *rows: str, encoding: str = "utf-8") -> Path:
    """A CSV file that has settled: its time of change lies an hour back."""
    return write_bytes(folder, path, "\n".join([header, *rows, ""]).encode(encoding))


def write_bytes(folder: Path, path: str, content: bytes) -> Path:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    age(target)
    return target


def age(file: Path, seconds: float = 3600) -> None:
    changed = file.stat().st_mtime - seconds
    os.utime(file, (changed, changed))


def land_all(home: Home, location: Path | None = None) -> tuple[Landing, Landing]:
    return land(home, "crm", location), land(home, "billing", location)


def connected(home: Home) -> duckdb.DuckDBPyConnection:
    """The home's warehouse, opened once."""
    if home not in _connections:
        _connections[home] = warehouse.connect(home)
    return _connections[home]


def disconnect() -> None:
    while _connections:
        _connections.popitem()[1].close()


def load_all(home: Home, zone: str = "UTC") -> Loaded:
    return load(home, connected(home), zone)


def rows(home: Home, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    return connected(home).execute(query, list(parameters)).fetchall()


def quarantined(home: Home) -> list[tuple[Any, ...]]:
    """(record, column, value, reason) of every quarantined record, by record."""
    return rows(
        home,
        "select source_row, column_name, value, reason from raw.quarantine order by file_id, 1",
    )


def bring_in(home: Home, folder: Path, zone: str = "UTC") -> Loaded:
    """Land and load what lies in `folder`."""
    land_all(home, folder)
    return load_all(home, zone)


def in_memory() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("load icu")
    connection.execute("set TimeZone = 'UTC'")
    return connection
