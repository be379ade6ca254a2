from datetime import date
from pathlib import Path

import pytest
from export_files import ACCOUNTS, bring_in, rows, write
from thermocline.errors import InputError
from thermocline.home import Home
from thermocline.mapping import canonical
from thermocline.mapping.files import load_mappings, parse_mapping
from thermocline.mapping.model import identifiers, normalised

MAPPING = """\
name: handmade
title: A list kept by hand
system: billing
delivery: {key: '(\\d{4}-\\d{2})', covers: key}
expected_every_days: 7
feeds:
    - feed: payments
      columns:
          payment_id: {from: [Number, No], required: true}
          paid_at: {from: Day, required: true}
          amount:
              expr: replace("Sum", '"', '')
"""


SHIPPED = {
    "canonical_billing": "billing",
    "canonical_crm": "crm",
    "hubspot": "crm",
    "invoice_lines": "billing",
    "kontor": "billing",
    "online_retail": "billing",
    "quickbooks": "billing",
    "salesforce": "crm",
    "stripe": "billing",
    "xero": "billing",
}


def parsed(folder: Path, text: str):
    file = folder / "handmade.yml"
    file.write_text(text)
    return parse_mapping(file)


def test_what_feeds_have_in_common_is_taken_in_by_a_merge_key(tmp_path):
    text = MAPPING.replace("columns:", "columns: &common") + (
        "    - feed: payments\n      name: refunds\n      columns:\n"
        "          payment_id: {from: Refund, required: true}\n          <<: *common\n"
    )
    payments, refunds = parsed(tmp_path, text).feeds
    assert payments.required == (("Number", "No"), ("Day",))
    assert refunds.required == (("Refund",), ("Day",))
    with pytest.raises(InputError, match=r"line 10, feeds\[1\]\.columns: expected keys with values"):
        parsed(tmp_path, MAPPING.replace("paid_at: {from: Day, required: true}", "<<: Day"))


def test_the_shipped_mappings_hold_and_name_only_canonical_columns():
    mappings = load_mappings()
    assert {name: mapping.system for name, mapping in mappings.items()} == SHIPPED
    tables = {feed.table.name for mapping in mappings.values() for feed in mapping.feeds}
    assert tables == set(canonical.TABLES)


def test_a_mapping_is_read_as_declared(tmp_path):
    mapping = parsed(tmp_path, MAPPING)
    feed = mapping.feeds[0]
    assert (mapping.name, mapping.timezone, feed.mode, feed.expected_every_days) == (
        "handmade",
        None,
        "delta",
        7,
    )
    assert feed.required == (("Number", "No"), ("Day",))
    assert feed.rules[2].inputs == (("Sum",),)


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "expected"),
    [
        ("system: billing", "system: erp", 3, "system", "one of crm, billing"),
        ("expected_every_days: 7", "expected_every_days: seven", 5, "expected_every_days", "whole number"),
        ("expected_every_days: 7", "rhythm: 7", 5, "rhythm", "one of the keys"),
        ("title: A list kept by hand\n", "", 1, "the file", "the key 'title'"),
        ("name: handmade", "name: ../handmade", 1, "name", "lower-case"),
        ("name: handmade", "name: handmade\ntimezone: Mars/Base", 2, "timezone", "IANA"),
        ("(\\d{4}-\\d{2})'", "('", 4, "delivery.key", "regular expression"),
        ("(\\d{4}-\\d{2})'", "\\d{4}'", 4, "delivery.key", "one group"),
        ("feed: payments", "feed: paiments", 7, "feeds[1].feed", "one of accounts"),
        ("          paid_at:", "          paid:", 10, "feeds[1].columns.paid", "payment_id, inv"),
        ("          paid_at: {from: Day, required: true}\n", "", 9, "feeds[1].columns", "paid_at"),
        ("from: Day", "form: Day", 10, "feeds[1].columns.paid_at.form", "one of the keys from"),
        ("from: Day", "from: Day, constant: x", 10, "feeds[1].columns.paid_at", "exactly one"),
        ("from: Day", "from: []", 10, "feeds[1].columns.paid_at.from", "at least one"),
        (
            "required: true}\n          paid",
            "required: maybe}\n          paid",
            9,
            "feeds[1].columns.payment_id.required",
            "true or false",
        ),
        ("replace(\"Sum\", '\"', '')", "12.5", 12, "feeds[1].columns.amount.expr", '"Column"'),
        (
            "          amount:",
            "          paid_at: No\n          amount:",
            11,
            "feeds[1].columns.paid_at",
            "each key once",
        ),
        (
            "          amount:",
            "          method: {from: M, values: {}}\n          amount:",
            11,
            "feeds[1].columns.method.values",
            "the vendor's values",
        ),
        (
            "          amount:",
            "          method: {from: M, negate: true}\n          amount:",
            11,
            "feeds[1].columns.method.negate",
            "number",
        ),
        (
            "expected_every_days: 7",
            "rhythm_days: 7",
            5,
            "rhythm_days",
            "the key 'expected_every_days', the new",
        ),
        ("expected_every_days: 7", "extent: full", 5, "extent", "the key 'mode', the new name of 'extent'"),
        ("expected_every_days: 7", "mode: full", 5, "mode", "one of delta, snapshot, not 'full'"),
        ("expected_every_days: 7", "logs: [a]", 5, "logs", "the key 'ignore_files'"),
        ("expected_every_days: 7", "mostly_known: true", 5, "mostly_known", "'reject_mostly_unknown'"),
        (
            "      columns:",
            "      told_by_name: true\n      columns:",
            8,
            "feeds[1].told_by_name",
            "'match_file_name'",
        ),
        (
            "      columns:",
            "      only_with_records: true\n      columns:",
            8,
            "feeds[1].only_with_records",
            "'optional_when_empty'",
        ),
        ("      columns:", "      told_by: [a]\n      columns:", 8, "feeds[1].told_by", "'match_any'"),
        ("      columns:", "      without: [a]\n      columns:", 8, "feeds[1].without", "'match_none'"),
        ("      columns:", "      not_taken: []\n      columns:", 8, "feeds[1].not_taken", "'exclude'"),
        ("      columns:", "      ignored: [a]\n      columns:", 8, "feeds[1].ignored", "'ignore_columns'"),
        ("from: Day,", "from: Day, filled: true,", 10, "feeds[1].columns.paid_at.filled", "'not_blank'"),
        (", required: true", "", 9, "feeds[1].columns", "required: true"),
        ("expected_every_days: 7", "dates: european", 5, "dates", "one of iso, day_first, month_first, unix"),
        ("expected_every_days: 7", "currency: Euro", 5, "currency", "code such as EUR"),
        ("expected_every_days: 7", "minor_units: {JPY: 0}", 5, "minor_units", "the key 'default'"),
        ("expected_every_days: 7", "minor_units: {default: 9}", 5, "minor_units.default", "decimals"),
        (
            "          amount:",
            "          method: {from: M, otherwise: x}\n          amount:",
            11,
            "feeds[1].columns.method.otherwise",
            "`values`",
        ),
        (
            "      columns:",
            "      exclude: [{reason: why, from: State}]\n      columns:",
            8,
            "feeds[1].exclude[1]",
            "`from` and `is`",
        ),
        (
            "      columns:",
            "      exclude: [{reason: why, from: State, is: []}]\n      columns:",
            8,
            "feeds[1].exclude[1].is",
            "at least one value",
        ),
        (
            "      columns:",
            "      exclude: [{reason: why, expr: '\"State\" ='}]\n      columns:",
            8,
            "feeds[1].exclude[1].expr",
            "an SQL expression over vendor columns (Parser Error",
        ),
        (
            "replace(\"Sum\", '\"', '')",
            'sum_of("Sum")',
            12,
            "feeds[1].columns.amount.expr",
            "an SQL expression",
        ),
        (
            "amount:\n              expr: replace(\"Sum\", '\"', '')",
            "amount: {from: Sum, minor_units: true}",
            9,
            "feeds[1].columns",
            "a rule for 'currency'",
        ),
    ],
)
def test_a_wrong_declaration_names_file_line_key_and_what_was_expected(
    tmp_path, old, new, line, key, expected
):
    assert old in MAPPING
    with pytest.raises(InputError) as refusal:
        parsed(tmp_path, MAPPING.replace(old, new))
    message = str(refusal.value)
    assert message.startswith(f"{tmp_path / 'handmade.yml'}, line {line}, {key}: expected ")
    assert expected in message
    assert "\n" not in message


def test_an_enumeration_only_becomes_canonical_values(tmp_path):
    text = MAPPING.replace("feed: payments", "feed: feedback").replace("payment_id", "feedback_id")
    text = text.replace("paid_at", "given_at").replace(
        "amount:\n              expr: replace(\"Sum\", '\"', '')",
        "kind: {from: Kind, values: {Angry: anger}}",
    )
    with pytest.raises(InputError, match=r"line 11, .*kind.values.Angry: expected one of nps, csat"):
        parsed(tmp_path, text)


@pytest.mark.parametrize("text", ["", "a: [", "- just\n- a list\n", "\x00"])
def test_what_is_no_mapping_at_all_is_refused_in_one_line(tmp_path, text):
    with pytest.raises(InputError, match=r"handmade\.yml") as refusal:
        parsed(tmp_path, text)
    assert "\n" not in str(refusal.value)


def test_a_home_brings_its_own_mappings_and_may_replace_shipped_ones(home):
    folder = home.config / "mappings"
    folder.mkdir()
    (folder / "handmade.yml").write_text(MAPPING)
    (folder / "mine.yaml").write_text(MAPPING.replace("name: handmade", "name: kontor"))
    mappings = load_mappings(home)
    assert mappings["kontor"].title == "A list kept by hand"
    assert set(mappings) == {"handmade", *SHIPPED}
    (folder / "mine.yml").write_text(MAPPING)
    with pytest.raises(InputError, match="'handmade' is declared twice"):
        load_mappings(home)


def test_a_handmade_export_comes_in_by_the_homes_own_mapping(home: Home, exports: Path):
    folder = home.config / "mappings"
    folder.mkdir()
    (folder / "handmade.yml").write_text(MAPPING)
    write(exports, "list 2024-03.csv", "no;day;sum", "A1;2024-03-01;12.50", "A2;2024-03-02;-1")
    bring_in(home, exports)
    assert rows(home, "select payment_id, amount::varchar from raw.payments order by 1") == [
        ("A1", "12.5000"),
        ("A2", "-1.0000"),
    ]
    assert rows(home, "select mapping, delivery_key, covers_on, expected_every_days from raw.files") == [
        ("handmade", "2024-03", None, 7)
    ]


def test_names_are_compared_without_case_spaces_and_underscores():
    assert normalised("\ufeff Customer ID") == normalised("customer_id") == normalised("CUSTOMERID")
    assert normalised("Email__c") != normalised("Email")


def test_an_expressions_columns_are_its_quoted_identifiers():
    assert identifiers("""coalesce("A b", 'no "C"', "A b", "D""e")""") == ("A b", 'D"e')


@pytest.mark.parametrize(
    ("mapping", "path", "key", "covers_on"),
    [
        ("online_retail", "2011-12-09.csv", "2011-12-09", date(2011, 12, 9)),
        ("online_retail", "old/2011-12-09.csv.gz", "2011-12-09", date(2011, 12, 9)),
        ("online_retail", "2011-13-09.csv", "2011-13-09", None),
        ("online_retail", "all/lines.csv.gz", "all/lines.csv", None),
        ("kontor", "billing/2024-01-31/Invoices.csv", "2024-01-31", date(2024, 1, 31)),
        ("kontor", "2024-01-31/Invoices.csv", "2024-01-31", date(2024, 1, 31)),
        ("kontor", "Invoices.csv", "Invoices.csv", None),
    ],
)
def test_a_path_tells_its_delivery_and_the_day_covered(mapping, path, key, covers_on):
    delivery = load_mappings()[mapping].delivery(path)
    assert (delivery.key, delivery.covers_on) == (key, covers_on)


def test_columns_the_mapping_does_not_know_are_recorded_as_drift(home, exports):
    write(exports, "Account.csv", f"{ACCOUNTS},Twitter__c,Name", "001,false" + "," * 17)
    bring_in(home, exports)
    assert rows(home, "select column_name from raw.unmapped_columns order by 1") == [
        ("Name",),
        ("Twitter__c",),
    ]


def test_an_expression_knows_every_name_of_the_columns_it_reads():
    for mapping in load_mappings().values():
        for feed in mapping.feeds:
            named = [{normalised(alias) for alias in rule.aliases} for rule in feed.rules if rule.aliases]
            for part in (*feed.rules, *feed.filters):
                known = {normalised(name) for name in identifiers(part.expression or "")}
                unknown = {alias for names in named if names & known for alias in names - known}
                assert not unknown, f"{mapping.name} {feed.name}: {part.expression} doesn't know {unknown}"
