"""Numbers as people write them, as SQL over their texts, where a mapping or source says how.

`comma` or `point` names the sign before the decimals. A thousands group has three digits, and all
groups of a number the same separator; a currency may stand on either side; below zero is written
with a minus on either side or in parentheses. What fits none of that is no number.
"""

import re

from thermocline.loading.currencies import CODES, SIGNS
from thermocline.mapping.casting import literals, number
from thermocline.sql import literal

POINT, COMMA = "point", "comma"
# Typographic ones become these: an apostrophe, a blank, a minus.
TYPOGRAPHIC = {
    "'": "\u2019\u2018\u02bc\u00b4`",
    " ": "\u00a0\u202f\u2009\u2007\t",
    "-": "\u2212\u2013\ufe63\uff0d",
}
PLAIN_OF = {letter: plain for plain, letters in TYPOGRAPHIC.items() for letter in letters}
PLAIN_POINT = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"
PLAIN_COMMA = "[+-]?[0-9]*,?[0-9]*"

_SIGNS = "|".join(re.escape(sign) for sign in sorted(SIGNS, key=lambda sign: (-len(sign), sign)))
CURRENCY = f"(?:{_SIGNS}|(?:{'|'.join(CODES)}))"
BEFORE = f"(?i)^([-+(]? *){CURRENCY} *"
AFTER = f"(?i) *{CURRENCY}( *[-+)]?)$"
NAMED = f"(?i)^[-+(]? *({CURRENCY}) *[-+(0-9.,]|[-+)0-9.,] *({CURRENCY}) *[-+)]?$"


def _whole(mark: str) -> str:
    """A number without sign or currency, its decimals after `mark`."""
    other = {".": ",", ",": r"\."}[mark]
    groups = [f"[1-9][0-9]{{0,2}}(?:{separator}[0-9]{{3}})+" for separator in (other, "'", " ")]
    if mark == ".":
        # As in India: 12,34,567.
        groups.append("[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}")
    mark = re.escape(mark)
    return f"(?:(?:[0-9]+|{'|'.join(groups)})(?:{mark}[0-9]*)?|{mark}[0-9]+)"


def _signed(mark: str) -> str:
    whole = _whole(mark)
    return rf"[-+]? *{whole}|{whole} *[-+]|\( *{whole} *\)"


MARKS = {POINT: ".", COMMA: ","}
FORMS = {numbers: _signed(mark) for numbers, mark in MARKS.items()}


def read_number(text: str, kind: str, numbers: str | None) -> str:
    """A decimal of a text; null where it is none as `numbers` declares them (None: plain ones only)."""
    if numbers is None:
        return number(text, kind)
    if numbers == POINT:
        plain = f"coalesce({number(text, kind)}, {number(_plain_signs(text), kind)})"
    else:
        is_plain = f"regexp_full_match({text}, {literal(PLAIN_COMMA)})"
        plain = f"case when {is_plain} then try_cast(replace({text}, ',', '.') as {kind}) end"
    return f"coalesce({plain}, case when {text} is not null then {_written(text, kind, numbers)} end)"


def _written(text: str, kind: str, numbers: str) -> str:
    bare = _bare(text)
    digits = f"regexp_replace({bare}, {literal(f'[^0-9{MARKS[numbers]}]')}, '', 'g')"
    if numbers == COMMA:
        digits = f"replace({digits}, ',', '.')"
    sign = f"case when contains({bare}, '-') or contains({bare}, '(') then '-' else '' end"
    fits = f"regexp_full_match({bare}, {literal(FORMS[numbers])})"
    return f"case when {fits} then try_cast({sign} || {digits} as {kind}) end"


def _plain_signs(text: str) -> str:
    return f"translate({text}, {literal(''.join(PLAIN_OF))}, {literal(''.join(PLAIN_OF.values()))})"


def _bare(text: str) -> str:
    """The text with plain signs and without a currency on one side."""
    plain = _plain_signs(text)
    before, after = (f"regexp_replace({plain}, {literal(side)}, '\\1')" for side in (BEFORE, AFTER))
    return f"case when regexp_matches({plain}, {literal(BEFORE)}) then {before} else {after} end"


def is_number(text: str, numbers: str | None) -> str:
    """Whether a text is a number as `numbers` declares them, however many digits it has."""
    plain = text if numbers is None else _plain_signs(text)
    forms = [] if numbers == COMMA else [f"regexp_full_match({plain}, {literal(PLAIN_POINT)})"]
    if numbers is not None:
        forms.append(f"regexp_full_match({_bare(text)}, {literal(FORMS[numbers])})")
    return f"({' or '.join(forms)})"


def may_name_a_currency(text: str) -> str:
    """Whether a number's text holds anything beside digits and plain signs: few do."""
    return f"not regexp_full_match({text}, '[-+0-9.,]*')"


def named_currency(text: str) -> str:
    """The currency's sign or code that stands in a number's text, in lower case; null without one."""
    plain = _plain_signs(text)
    first, last = (f"regexp_extract({plain}, {literal(NAMED)}, {n})" for n in (1, 2))
    return f"nullif(lower({first} || {last}), '')"


def is_of_currency(named: str, currency: str) -> str:
    """Whether a sign or code that an amount names may be the record's currency."""
    pairs = [f"{sign.lower()} {code.lower()}" for sign, codes in SIGNS.items() for code in codes]
    pair = f"concat({named}, ' ', lower({currency}))"
    return f"({named} = lower({currency}) or {pair} in ({literals(pairs)}))"


def declarations_that_read(text: str) -> tuple[str, ...]:
    """Which declarations of `numbers` would make a number of a text that is none as it stands."""
    plain = text.strip().translate({ord(letter): plain for letter, plain in PLAIN_OF.items()})
    bare = re.sub(BEFORE, r"\1", plain) if re.search(BEFORE, plain) else re.sub(AFTER, r"\1", plain)
    return tuple(numbers for numbers in (COMMA, POINT) if re.fullmatch(FORMS[numbers], bare))
