-- Read once for all that the gate asks of invoices in sums.
select
    source,
    source_file,
    currency,
    money_state,
    cast(sum(abs(document_total)) as decimal(38, 4)) as volume,
    cast(sum(total) as decimal(38, 4)) as total,
    cast(sum(abs(total)) as decimal(38, 4)) as size,
    count(case when document_total <> lines_total then 1 end) as invoices_unlike_lines
from {{ ref('fct_invoices') }}
group by source, source_file, currency, money_state
