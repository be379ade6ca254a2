-- Read once for all that the gate asks of invoices in sums.
select
    source,
    source_file,
    currency,
    money_state,
    cast(sum(abs(document_total)) as decimal(38, 4)) as volume,
    cast(sum(total) as decimal(38, 4)) as total,
    cast(sum(abs(total)) as decimal(38, 4)) as size,
    -- Lines are in their invoice's currency, as its total is.
    cast(sum(
        case
            when document_total <> lines_total and is_sum_of_lines is not true then abs(document_total - lines_total) * rate
            else 0
        end
    ) as decimal(38, 4)) as unlike_lines,
    cast(sum(
        greatest(abs(document_total), case when is_sum_of_lines is not true then abs(lines_total) else 0 end) * rate
    ) as decimal(38, 4)) as size_by_lines,
    count(case when document_total <> lines_total and is_sum_of_lines is not true then 1 end) as invoices_unlike_lines,
    count(case when is_sum_of_lines then 1 end) as sums_of_lines
from {{ ref('fct_invoices') }}
group by source, source_file, currency, money_state
