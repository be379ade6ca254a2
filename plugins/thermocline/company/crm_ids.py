"""The one form in which a Salesforce id is compared, as SQL macros of schema `raw`.

Salesforce writes an id with 15 characters, in which case counts, or with 18, in which it doesn't:
each of the last three says which of five characters are capitals, the first in the lowest bit
(https://help.salesforce.com/s/articleView?id=000385585).
"""

_BY_FIVE_BITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"

MACROS = {
    "salesforce_checksum(id)": f"""
        array_to_string([
            substr('{_BY_FIVE_BITS}', 1 + cast(list_sum([
                case when substr(id, 5 * part + n + 1, 1) between 'A' and 'Z' then 1 << n else 0 end
                for n in range(5)
            ]) as integer), 1)
            for part in range(3)
        ], '')
    """,
    "salesforce_cased(id)": f"""
        array_to_string([
            case
                when ((strpos('{_BY_FIVE_BITS}', upper(substr(id, 16 + n // 5, 1))) - 1) >> (n % 5)) & 1 = 1
                    then upper(substr(id, n + 1, 1))
                else lower(substr(id, n + 1, 1))
            end
            for n in range(15)
        ], '') || upper(substr(id, 16))
    """,
    # The form of 18 characters; a text that is no such id stays as it is.
    "salesforce_id(id)": """
        case
            when regexp_full_match(id, '[0-9A-Za-z]{15}') then id || raw.salesforce_checksum(id)
            when not coalesce(regexp_full_match(id, '[0-9A-Za-z]{15}[A-Za-z0-5]{3}'), false) then id
            when raw.salesforce_checksum(id) = substr(id, 16) then id
            when raw.salesforce_checksum(raw.salesforce_cased(id)) = upper(substr(id, 16))
                then raw.salesforce_cased(id)
            else id
        end
    """,
    # The same of `source:id`, as config/account_links.csv and config/overrides.csv name accounts.
    "salesforce_reference(id)": """
        regexp_extract(id, '^[^:]*:') || raw.salesforce_id(regexp_replace(id, '^[^:]*:', ''))
    """,
}

STATEMENTS = tuple(f"create or replace macro raw.{name} as {body}" for name, body in MACROS.items())
"""What creates them, each after those that it uses."""
