"""Which account a person means: by its id, code, alias or exact name, in one publication."""

import duckdb

from thermocline.errors import InputError
from thermocline.terminal import plain

_CALLED = """
select account_id, account_name
from reporting.account_segments
where account_id = $text
   or account_code = $text
   or account_name = $text
   or account_id in (
        select account_id from reporting.account_links
        where $text in (alias_id, substr(alias_id, 1 + position(':' in alias_id)))
   )
order by account_id = $text desc, account_id
"""

_NEAREST = """
with names as (
    select account_id, unnest([account_id, account_code, account_name]) as name
    from reporting.account_segments
    union all
    select account_id, unnest([alias_id, substr(alias_id, 1 + position(':' in alias_id))]) as name
    from reporting.account_links
),

likeness as (
    select account_id, max(jaro_winkler_similarity(lower(name), lower($text))) as alike
    from names
    where name is not null
    group by account_id
)

select account_segments.account_id, account_segments.account_name
from likeness
inner join reporting.account_segments on likeness.account_id = account_segments.account_id
order by likeness.alike desc, likeness.account_id
limit 3
"""

MOST_CANDIDATES = 8


def find(connection: duckdb.DuckDBPyConnection, text: str) -> str:
    """Return the account_id of the one account that `text` names; the publication is the default database.

    Raise InputError, listing the nearest where there is none, and the candidates where there are several.
    """
    asked = text.encode("utf-8", "replace").decode("utf-8")
    found = connection.execute(_CALLED, {"text": asked}).fetchall()
    if len(found) == 1 or (found and found[0][0] == asked):
        return str(found[0][0])
    if found:
        more = f" and {len(found) - MOST_CANDIDATES} more" if len(found) > MOST_CANDIDATES else ""
        raise InputError(
            f"'{plain(asked, 80)}' names {len(found)} accounts: {_listed(found[:MOST_CANDIDATES])}{more}: "
            "give an account_id"
        )
    nearest = connection.execute(_NEAREST, {"text": asked}).fetchall()
    raise InputError(
        f"no account has the id, code, alias or name '{plain(asked, 80)}'; nearest: "
        f"{_listed(nearest) or 'there is no account'}"
    )


def _listed(accounts: list[tuple[str, str | None]]) -> str:
    return ", ".join(f"{plain(account_id, 80)} ({plain(name or '', 60)})" for account_id, name in accounts)
