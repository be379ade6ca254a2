"""Cells as exports of the world write them, and what each of them is: an oracle of its own.

    python value_forms.py [--cells 100000] [--seed N]

Every cell is loaded by a mapping under every declaration of `numbers`. What comes out is the value that
the oracle knows, or the record is quarantined where the oracle knows none; never another value.
"""

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import yaml
from thermocline.home import Home
from thermocline.landing.land import land
from thermocline.loading.load import load

DECLARATIONS = ("plain", "point", "comma")
ZONES = ("America/New_York", "Asia/Tokyo")
MAPPING = """\
name: {numbers}
title: Values under {numbers}
system: crm
timezone: UTC
{declared}
feeds:
    - feed: opportunities
      columns:
          opportunity_id: {{from: "id {numbers}", required: true}}
          account_id: key
          opened_at: {{constant: '2024-01-01'}}
          expected_on: {{from: day, is_day: true}}
          amount: number
          currency: {{constant: EUR}}
          is_deleted: truth
"""
SEPARATORS = ".,'\u2019 \u00a0\u202f"
TRUTHS = {
    word: value
    for value, words in ((True, "true t yes y 1 1.0"), (False, "false f no n 0 0.0"))
    for word in words.split()
}
NO_TRUTHS = ("2", "maybe", "-1", "tru", "yes!", "0.5", "wahr", "null")
Form = tuple[str, object]


def grouped(draw: random.Random, digits: str, separator: str) -> str:
    """Digits in groups: mostly of three, sometimes as in India, sometimes as nobody writes them."""
    sizes = draw.choice(((3,),) * 6 + ((3, 2),) + ((2,), (4,), (1, 3)))
    groups, n = [], 0
    while digits:
        size = sizes[min(n, len(sizes) - 1)]
        digits, group = digits[:-size], digits[-size:]
        groups.append(group)
        n += 1
    return separator.join(reversed(groups))


def number(draw: random.Random) -> str:
    """A number in some locale, or something near one."""
    digits = str(draw.choice((0, 7, 12, 980, 1234, 50_000, 1_234_567, 98_765_432)))
    whole = grouped(draw, digits, draw.choice(SEPARATORS)) if draw.random() < 0.6 else digits
    mark = draw.choice(".,")
    decimals = draw.choice(("", f"{mark}5", f"{mark}50", f"{mark}125", mark))
    text = whole + decimals
    if draw.random() < 0.1:
        at = draw.randrange(len(text) + 1)
        text = text[:at] + draw.choice((*SEPARATORS, "-", "e", "%", "0", "_", "€")) + text[at:]
    text = draw.choice(("{}",) * 5 + ("-{}", "+{}", "{}-", "({})", "\u2212{}", "-{}-", "(-{})")).format(text)
    currency = draw.choice(("€", "EUR", "eur", "USD", "$"))
    return draw.choice(("{}",) * 5 + ("{1}{0}", "{1} {0}", "{0} {1}", "{0}{1}", "{1} {0} {1}")).format(
        text, currency
    )


def meaning(text: str, numbers: str) -> Decimal | None:
    """What a text is under a declaration, taken apart letter by letter; None where it is no number."""
    for plain, letters in (("'", "\u2019"), (" ", "\u00a0\u202f"), ("-", "\u2212")):
        if numbers != "plain":
            text = "".join(plain if letter in letters else letter for letter in text)
    plain = text.removesuffix(".") if text.count(".") == 1 else text
    if numbers != "comma" and not set(text) - set("0123456789.+-eE") and _decimal(plain, 1) is not None:
        return _decimal(plain, 1)
    if numbers == "plain":
        return None
    mark, other = (".", ",") if numbers == "point" else (",", ".")
    currencies = [c for c in ("€", "EUR", "USD", "$") if c in text.upper()]
    if currencies and not set(currencies) <= {"€", "EUR"}:
        return None
    if currencies:
        [found] = currencies if len(currencies) == 1 else [""]
        if not found or text.upper().count(found) != 1:
            return None
        at = text.upper().index(found)
        before, after = text[:at].rstrip(" "), text[at + len(found) :].lstrip(" ")
        if set(before) - set("-+(") and set(after) - set("-+)"):
            return None
        text = before + after
    sign = 1
    if text.startswith("(") and text.endswith(")"):
        sign, text = -1, text[1:-1].strip(" ")
    elif text[:1] in "-+" and text[:1]:
        sign, text = (-1 if text[0] == "-" else 1), text[1:].lstrip(" ")
    elif text[-1:] in "-+" and text[-1:]:
        sign, text = (-1 if text[-1] == "-" else 1), text[:-1].rstrip(" ")
    if text.count(mark) > 1:
        return None
    whole, _, decimals = text.partition(mark)
    if (decimals and not decimals.isdigit()) or not (whole or decimals):
        return None
    separators = {letter for letter in whole if not letter.isdigit()}
    if len(separators) > 1 or not separators <= set(f"{other}' "):
        return None
    if separators:
        groups = whole.split(separators.pop())
        first, middle, last = groups[0], groups[1:-1], groups[-1]
        by_three = 1 <= len(first) <= 3 and all(len(group) == 3 for group in (*middle, last))
        by_two = (
            (numbers == "point" and "," in whole and middle)
            and 1 <= len(first) <= 2
            and all(len(group) == 2 for group in middle)
            and len(last) == 3
        )
        if first.startswith("0") or not (by_three or by_two):
            return None
        whole = "".join(groups)
    return _decimal(f"{whole or '0'}.{decimals or '0'}", sign)


def _decimal(text: str, sign: int) -> Decimal | None:
    try:
        return (sign * Decimal(text)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    except ArithmeticError:
        return None


def truth(draw: random.Random) -> Form:
    word = draw.choice((*TRUTHS, *NO_TRUTHS, ""))
    written = draw.choice((word, word.upper(), word.title(), f" {word} "))
    return written, "" if not word else TRUTHS.get(word)


def day(draw: random.Random, zone: str) -> Form:
    """A day, a midnight of it, or a moment within it, which is a day of the company's zone."""
    found = date(2024, draw.randrange(1, 13), draw.randrange(1, 29))
    midnight = draw.choice(
        (
            "",
            " 00:00:00",
            "T00:00:00Z",
            "T00:00:00.000Z",
            " 00:00:00 UTC",
            "T00:00:00+09:00",
            "T00:00:00-0500",
        )
    )
    if draw.random() < 0.7:
        return f"{found}{midnight}", found
    hour = draw.randrange(1, 23)
    moment = datetime(found.year, found.month, found.day, hour, 30, tzinfo=ZoneInfo("UTC"))
    written = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    return draw.choice(
        (
            (written, moment.astimezone(ZoneInfo(zone)).date()),
            (f"{found}T25:00:00Z", None),
            ("2024-02-30", None),
        )
    )


def key(draw: random.Random) -> Form:
    return draw.choice(
        (
            *(
                ("1", "1"),
                ("1.0", "1"),
                ("17850.0", "17850"),
                ("1.00", "1.00"),
                ("007.0", "007.0"),
                ("12E4", "12E4"),
            ),
            *(
                ("9007199254740993", "9007199254740993"),
                ("9007199254740993.0", "9007199254740993"),
                ("A.0", "A.0"),
            ),
            *(
                (written, None)
                for written in ("2.026E+12", "2,026E+12", "1.2E+05", "2E+11", "1.2e-05", "1e+16")
            ),
        )
    )


def cells(draw: random.Random, zone: str) -> Iterator[tuple[str, Form, Form, Form]]:
    while True:
        yield number(draw), truth(draw), day(draw, zone), key(draw)


def fuzz(count: int, seed: int) -> Counter[str]:
    """Load `count` records under each declaration and in each zone; figures of what became of them."""
    found: Counter[str] = Counter()
    for zone in ZONES:
        draw = random.Random(f"{seed} {zone}")
        records = list(islice(cells(draw, zone), count))
        with tempfile.TemporaryDirectory(prefix="thermocline-fuzz-") as folder:
            found += _compared(records, zone, Path(folder))
    return found


def _compared(records: list[tuple[str, Form, Form, Form]], zone: str, folder: Path) -> Counter[str]:
    home = Home(folder / "home").prepare()
    (home.config / "mappings").mkdir()
    sources = []
    for numbers in DECLARATIONS:
        declared = "" if numbers == "plain" else f"numbers: {numbers}"
        text = MAPPING.format(numbers=numbers, declared=declared)
        (home.config / "mappings" / f"{numbers}.yml").write_text(text)
        (folder / numbers).mkdir()
        lines = [f"id {numbers}\tkey\tday\tnumber\ttruth"]
        # One odd cell a record, so that the others can't be the reason of a quarantine.
        for n, (written, (word, _), (on, _), (name, _)) in enumerate(records):
            rows = ("1", "2024-01-01", written, ""), ("1", "2024-01-01", "1", word)
            rows += ("1", on, "1", ""), (name, "2024-01-01", "1", "")
            lines += ["\t".join((f"{n}-{m}", *row)) for m, row in enumerate(rows)]
        (folder / numbers / "values.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
        sources.append({"mapping": numbers, "location": str(folder / numbers)})
    (home.config / "sources.yml").write_text(yaml.safe_dump({"sources": sources}))
    land(home, "crm", settle_seconds=0)
    with duckdb.connect(config={"threads": "2"}) as connection:
        load(home, connection, zone)
        loaded = {
            (numbers, name): values
            for numbers, name, *values in connection.execute(
                "select mapping, opportunity_id, amount, is_deleted, expected_on, account_id "
                "from raw.opportunities join raw.files using (file_id)"
            ).fetchall()
        }
    figures: Counter[str] = Counter()
    for numbers in DECLARATIONS:
        for n, (written, *others) in enumerate(records):
            expected = meaning(written.strip(), numbers)
            for m, (text, value) in enumerate(((written, expected), *others)):
                got = loaded.get((numbers, f"{n}-{m}"))
                read = None if got is None else got[m]
                is_right = (
                    (got is None)
                    if value is None
                    else got is not None and (read == (value if value != "" else None))
                )
                assert is_right, f"{text!r} under {numbers} in {zone}: {read!r}, where {value!r} is right"
                figures["quarantined" if got is None else "read"] += 1
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cells", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    # Of each record four cells, under three declarations, in two zones.
    found = fuzz(max(1, options.cells // 24), options.seed)
    print(", ".join(f"{name} {count:,}" for name, count in sorted(found.items())) + ": none of another value")


if __name__ == "__main__":
    main()
