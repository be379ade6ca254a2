"""Reading schema `raw` before anything is computed of it."""

from collections.abc import Iterator
from typing import Any

import duckdb


def current_records(feed: str, key: str) -> str:
    """Of each document the rows of the version that counts, as the models choose it.

    The order of deliveries is that of model int_files_ordered.
    """
    return f"""
        with positions as (
            select
                *,
                dense_rank() over (order by stated_on nulls first, landed_in nulls first) as file_position,
                case when is_keyed then 0 else landed_in end as delivered_in
            from raw.files
        ),
        files as (
            select
                *,
                max(file_position) over (
                    partition by source, kind_of_file, delivery_key, delivered_in
                ) as delivery_position,
                max(file_position) over (partition by source, kind_of_file) as newest_position
            from positions
        )
        select
            files.source, files.source_file, records.*,
            files.mode = 'snapshot' and max(files.delivery_position) over (
                partition by files.source, records.{key}
            ) < files.newest_position as is_absent
        from raw.{feed} as records
        inner join files on records.file_id = files.file_id
        qualify rank() over (
            partition by files.source, records.{key}
            order by records.updated_at desc nulls last, files.file_position desc
        ) = 1
    """


def rows(connection: duckdb.DuckDBPyConnection, query: str, *parameters: Any) -> Iterator[dict[str, Any]]:
    cursor = connection.execute(query, list(parameters))
    names = [column[0] for column in cursor.description]
    for row in cursor.fetchall():
        yield dict(zip(names, row, strict=True))
