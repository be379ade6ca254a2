"""Reading schema `raw` before anything is computed of it."""

from collections.abc import Iterator
from typing import Any

import duckdb


def current_records(feed: str, key: str) -> str:
    """Of each document the rows of the version that counts, as the models choose it."""
    return f"""
        select
            files.source, files.source_file, records.*,
            files.mode = 'snapshot' and max(files.delivery_key) over (
                partition by files.source, records.{key}
            ) < newest.delivery_key as is_absent
        from raw.{feed} as records
        inner join raw.files as files on records.file_id = files.file_id
        left join (
            select source, kind_of_file, max(delivery_key) as delivery_key
            from raw.files where feed = '{feed}' group by all
        ) as newest on files.source = newest.source and files.kind_of_file = newest.kind_of_file
        qualify rank() over (
            partition by files.source, records.{key}
            order by records.updated_at desc nulls last, files.delivery_key desc nulls last, files.sha256 desc
        ) = 1
    """


def rows(connection: duckdb.DuckDBPyConnection, query: str, *parameters: Any) -> Iterator[dict[str, Any]]:
    cursor = connection.execute(query, list(parameters))
    names = [column[0] for column in cursor.description]
    for row in cursor.fetchall():
        yield dict(zip(names, row, strict=True))
