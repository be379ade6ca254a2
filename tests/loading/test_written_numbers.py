"""Numbers as people write them: what is declared is read, what contradicts it is no number."""

from decimal import Decimal

import duckdb
import pytest
from thermocline.loading.written_numbers import (
    COMMA,
    POINT,
    declarations_that_read,
    is_of_currency,
    named_currency,
    read_number,
)


def number(text: str, numbers: str | None) -> Decimal | None:
    query = f"select {read_number('given', 'decimal(18, 4)', numbers)} from (select ? as given)"
    return duckdb.execute(query, [text]).fetchall()[0][0]


@pytest.mark.parametrize(
    ("text", "comma", "point"),
    [
        ("980", "980", "980"),
        ("-980", "-980", "-980"),
        ("12,50", "12.50", None),
        ("12.50", None, "12.50"),
        ("1.234", "1234", "1.234"),
        ("1,234", "1.234", "1234"),
        ("1.234,56", "1234.56", None),
        ("1,234.56", None, "1234.56"),
        ("12.34,5", None, None),
        ("1.23.456", None, None),
        ("1.234.567", "1234567", None),
        ("1,234,567", None, "1234567"),
        ("12,34,567.89", None, "1234567.89"),
        ("1,23,45.00", None, None),
        ("0,123", "0.123", None),
        ("0.123", None, "0.123"),
        ("0.123,00", None, None),
        ("001.234,00", None, None),
        ("1'234.50", None, "1234.50"),
        ("1\u2019234,50", "1234.50", None),
        ("1 234,50", "1234.50", None),
        ("1\u00a0234,50", "1234.50", None),
        ("1\u202f234.50", None, "1234.50"),
        ("1 234 567,5", "1234567.5", None),
        ("1 234.567,5", None, None),
        ("12 34", None, None),
        (",5", "0.5", None),
        (".5", None, "0.5"),
        ("€ 12,50", "12.50", None),
        ("12,50 €", "12.50", None),
        ("12,50 EUR", "12.50", None),
        ("EUR12,50", "12.50", None),
        ("$1,250.00", None, "1250.00"),
        ("-$1,250.00", None, "-1250.00"),
        ("$-1,250.00", None, "-1250.00"),
        ("($1,250.00)", None, "-1250.00"),
        ("$(1,250.00)", None, "-1250.00"),
        ("US$ 1,250.00", None, "1250.00"),
        ("R$ 1.250,00", "1250.00", None),
        ("1.250,00-", "-1250.00", None),
        ("1.250,00- €", "-1250.00", None),
        ("\u22121.250,00", "-1250.00", None),
        ("(12,50)", "-12.50", None),
        ("(-12,50)", None, None),
        ("-12,50-", None, None),
        ("€ 12,50 EUR", None, None),
        ("12€50", None, None),
        ("12,5 %", None, None),
        ("12 kg", None, None),
        ("1_000", None, None),
        ("1.2E+05", None, "120000"),
        ("1,2E+05", None, None),
        ("(12,50", None, None),
        ("12..50", None, None),
        ("-", None, None),
        (",", None, None),
        ("€", None, None),
        ("nan", None, None),
        ("٣", None, None),
    ],
)
def test_a_number_is_read_as_declared_or_not_at_all(text, comma, point):
    expected = {COMMA: comma, POINT: point}
    assert {numbers: number(text, numbers) for numbers in expected} == {
        numbers: None if value is None else Decimal(value) for numbers, value in expected.items()
    }


@pytest.mark.parametrize("text", ["12,50", "1,250.00", "$12.50", "(12.50)", "12.50-", "1 234", "1'234"])
def test_without_a_declaration_only_plain_numbers_are_read(text):
    assert number(text, None) is None
    assert number("-1234.50", None) == Decimal("-1234.50")


@pytest.mark.parametrize(
    ("text", "currency", "fits"),
    [
        ("€ 5", "EUR", True),
        ("€ 5", "USD", False),
        ("5 usd", "USD", True),
        ("5 USD", "CAD", False),
        ("$5", "CAD", True),
        ("($5)", "EUR", False),
        ("C$ 5", "USD", False),
        ("-5 kr", "SEK", True),
    ],
)
def test_an_amounts_own_currency_is_compared_with_the_records(text, currency, fits):
    condition = is_of_currency(named_currency("given"), "currency")
    query = f"select {condition} from (select ? as given, ? as currency)"
    assert duckdb.execute(query, [text, currency]).fetchall() == [(fits,)]


def test_a_number_without_a_currency_names_none():
    query = f"select {named_currency('given')} from (select '1.250,00-' as given)"
    assert duckdb.execute(query).fetchall() == [(None,)]


@pytest.mark.parametrize(
    ("text", "declarations"),
    [("12,50", (COMMA,)), ("$1,250.00", (POINT,)), ("1 234", (COMMA, POINT)), ("n/a", ()), ("5 %", ())],
)
def test_what_would_read_a_number_is_known(text, declarations):
    assert declarations_that_read(text) == declarations
