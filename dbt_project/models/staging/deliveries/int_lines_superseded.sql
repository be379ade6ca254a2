select
    source,
    document_id,
    file_id
from {{ ref('int_line_versions') }}
where not is_current
