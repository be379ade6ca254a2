import gzip

import pytest
from export_files import (
    ACCOUNTS,
    CREDIT_NOTES,
    INVOICES,
    LINES,
    PAYMENTS,
    SALESFORCE,
    TASKS,
    write,
    write_bytes,
)
from thermocline.mapping.files import load_mappings
from thermocline.mapping.recognition import recognise

MAPPINGS = load_mappings()
HEADERS = {
    LINES: "online_retail invoice_lines",
    PAYMENTS: "kontor payments",
    INVOICES: "kontor invoices",
    CREDIT_NOTES: "kontor credit_notes",
    "CustomerNo,Name,Email,CRMAccount,Country,Created,Changed": "kontor billing_customers",
    "InvoiceNo,LineNo,ArticleNo,Description,Quantity,UnitPrice,Amount": "kontor invoice_lines",
    "Date,Currency,RateToEUR": "kontor exchange_rates",
    ACCOUNTS: "salesforce accounts",
    TASKS: "salesforce tasks",
    "Id,IsDeleted,AccountId,Name,Title,Email,Phone,CreatedDate,"
    "LastModifiedDate,SystemModstamp": "salesforce contacts",
    "Id,IsDeleted,AccountId,Name,StageName,Amount,CurrencyIsoCode,CloseDate,IsClosed,IsWon,"
    "CreatedDate,LastModifiedDate,SystemModstamp": "salesforce opportunities",
    "Id,IsDeleted,AccountId,WhoId,Subject,StartDateTime,EndDateTime,Status__c,CreatedDate,"
    "LastModifiedDate,SystemModstamp": "salesforce events",
    "Id,IsDeleted,AccountId,Type,Subject,Status,CreatedDate,ClosedDate,LastModifiedDate,"
    "SystemModstamp": "salesforce cases",
    "Id,IsDeleted,Account__c,Kind__c,Score__c,Scale_Min__c,Scale_Max__c,Comment__c,Submitted__c,"
    "LastModifiedDate,SystemModstamp": "salesforce survey_responses",
}


def found(path):
    known = recognise(path, MAPPINGS)
    return f"{known.mapping.name} {known.feed.name}" if known.is_known else None


@pytest.mark.parametrize(("header", "feed"), HEADERS.items(), ids=HEADERS.values())
def test_each_feed_is_known_by_its_header_whatever_the_file_is_called(tmp_path, header, feed):
    assert found(write(tmp_path, "export.csv", header)) == feed


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_delimiters_and_encodings_are_found(tmp_path, delimiter, encoding):
    header = PAYMENTS.replace(",", delimiter)
    known = recognise(write(tmp_path, "p.csv", header, encoding=encoding), MAPPINGS)
    assert (known.feed.name, known.delimiter, known.header) == (
        "payments",
        delimiter,
        tuple(PAYMENTS.split(",")),
    )


def test_case_spaces_underscores_quotes_and_packing_do_not_matter(tmp_path):
    header = ",".join(f'"{name} "' for name in PAYMENTS.upper().replace("NO", "_ No").split(","))
    packed = gzip.compress(f"\n\n{header}\n".encode())
    assert found(write_bytes(tmp_path, "p.csv.gz", packed)) == "kontor payments"


def test_a_missing_optional_column_is_borne_a_missing_required_one_is_named(tmp_path):
    assert found(write(tmp_path, "p.csv", PAYMENTS.removesuffix(",Method"))) == "kontor payments"
    unknown = recognise(write(tmp_path, "q.csv", PAYMENTS.replace("PaidOn", "Day")), MAPPINGS)
    assert not unknown.is_known
    assert unknown.missing == ("PaidOn",)
    assert unknown.describe() == (
        "matches no mapping (columns: PaymentNo, InvoiceNo, CustomerNo, Day, Amount, Currency, "
        "Method; nearest: kontor payments, missing PaidOn)"
    )


def test_the_nearest_column_to_a_missing_one_is_named(tmp_path):
    unknown = recognise(write(tmp_path, "q.csv", PAYMENTS.replace("PaidOn", "Paid On Day")), MAPPINGS)
    assert "missing PaidOn (nearest: Paid On Day))" in unknown.describe()


@pytest.mark.parametrize("last", ["STATUS", "ERROR"])
def test_logs_of_data_loader_are_no_opportunities(tmp_path, last):
    opportunities = "ID,ACCOUNTID,NAME,STAGENAME,AMOUNT,CLOSEDATE,ISCLOSED,ISWON,CREATEDDATE"
    assert found(write(tmp_path, "o.csv", opportunities)) == "salesforce opportunities"
    assert found(write(tmp_path, "renamed.csv", f"{opportunities},{last}")) is None
    logged = recognise(write(tmp_path, "success0413060133.csv", opportunities), MAPPINGS)
    assert logged.describe() == "is a log of salesforce's, no export"


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (gzip.compress(b"x" * 100, mtime=0)[:-9], "isn't a whole gzip file"),
    ],
)
def test_a_file_without_a_header_says_so(tmp_path, content, trouble):
    assert trouble in recognise(write_bytes(tmp_path, "p.csv", content), MAPPINGS).describe()


def test_excels_line_that_names_the_separator_is_named(tmp_path):
    file = write(tmp_path, "p.csv", "sep=;", PAYMENTS.replace(",", ";"))
    assert "Excel's line `sep=`" in recognise(file, MAPPINGS).describe()


def test_hostile_headers_stay_data_on_one_line(tmp_path):
    header = '"a\nb","=cmd()","\'; drop table x; --",' + ",".join(f"c{n}" for n in range(50))
    message = recognise(write(tmp_path, "p.csv", header), MAPPINGS).describe()
    assert "\n" not in message
    assert r"a\nb, =cmd(), '; drop table x; --" in message
    assert "and 41 more" in message


def test_binary_content_is_unknown(tmp_path):
    content = bytes(range(256)) * 300
    assert not recognise(write_bytes(tmp_path, "p.csv", content), MAPPINGS).is_known


@pytest.mark.skipif(not SALESFORCE.is_dir(), reason="../shared/data is absent")
@pytest.mark.parametrize(
    ("file", "feed"), [("accountData", "accounts"), ("opportunityData", "opportunities")]
)
def test_salesforces_own_samples_are_known(file, feed):
    assert found(SALESFORCE / f"{file}.csv") == f"salesforce {feed}"


RECEIPTS = "id,transaction_date,total_amount,balance,currency_id,customer_id,deposit_to_account_id"


@pytest.mark.parametrize(
    ("name", "feed"),
    [
        ("sales_receipt.csv", "quickbooks sales_receipts"),
        ("2024/Refund Receipts.csv", "quickbooks refund_receipts"),
        ("receipts.csv", None),
    ],
)
def test_kinds_of_file_with_the_same_columns_are_told_by_their_names_only(tmp_path, name, feed):
    file = write(tmp_path, name, RECEIPTS)
    assert found(file) == feed
    if feed is None:
        assert "missing a file name such as *refund*receipt*" in recognise(file, MAPPINGS).describe()


@pytest.mark.parametrize(
    ("header", "nearest"),
    [("ID", None), ("Name,Body", None), ("Id,Name,IsDeleted", "salesforce accounts"), ("Id,IsDeleted", None)],
)
def test_a_mapping_is_called_near_where_most_of_what_it_needs_is_there(tmp_path, header, nearest):
    known = recognise(write(tmp_path, "a.csv", header), MAPPINGS)
    named = known.nearest and " ".join(part.name for part in known.nearest)
    assert (known.is_known, named) == (False, nearest)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (
            f"{PAYMENTS}\n".encode("utf-32")[:40] + b"x" + f"{PAYMENTS}\n".encode("utf-32")[40:],
            "isn't utf-32",
        ),
        ("Номер,Счёт,Сумма\n".encode("utf-32-le"), "holds NULs as UTF-16 and UTF-32 do"),
    ],
    ids=["a byte too many", "no byte-order mark"],
)
def test_a_header_that_cant_be_decoded_is_not_shown(tmp_path, content, why):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    told = recognise(path, MAPPINGS).describe()
    assert told.startswith(why)
    assert told.endswith("save it as UTF-8")
