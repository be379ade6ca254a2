with fct_invoices as (
    select * from {{ ref('fct_invoices') }}
    where
        money_state in ('attributed', 'void')
        and kind in ('invoice', 'credit_note')
),

credits as (
    select * from fct_invoices
    where
        kind = 'credit_note'
        and money_state = 'attributed'
        and credited_invoice_id is not null
),

invoices as (
    select * from fct_invoices
    where
        kind = 'invoice'
        and total > 0
        and invoice_id in (select credited_invoice_id from credits)
),

linked_credits as (
    select
        credits.invoice_id,
        credits.issued_on,
        invoices.invoice_id as credited_invoice_id,
        invoices.document_total as invoiced,
        -- A void invoice gave no heat, so there is none to take back.
        case when invoices.money_state = 'void' then 0 else cast(invoices.total as double) end as worth,
        case
            when credits.currency = invoices.currency then credits.document_total
            else cast(round(credits.total / cast(invoices.rate as double), 4) as decimal(18, 4))
        end as credited
    from credits
    inner join invoices on credits.credited_invoice_id = invoices.invoice_id
),

running_credits as (
    select
        *,
        cast(sum(credited) over (
            partition by credited_invoice_id
            order by issued_on, invoice_id
            rows between unbounded preceding and current row
        ) as decimal(18, 4)) as credited_so_far
    from linked_credits
)

select
    invoice_id,
    credited_invoice_id,
    worth * (cast(greatest(invoiced + credited_so_far - credited, 0) as double) / cast(invoiced as double)) as total_before,
    worth * (cast(greatest(invoiced + credited_so_far, 0) as double) / cast(invoiced as double)) as total_after
from running_credits
