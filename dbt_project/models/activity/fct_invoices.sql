{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'touched', 'feed': 'invoices', 'key': 'invoice_id'}
) }}

with int_invoices_united as (
    select * from {{ ref('int_invoices_united') }}
    where true {{ and_touched('invoices', 'invoice_id') }}
),

int_customers_linked as (
    select * from {{ ref('int_customers_linked') }}
),

stg_billing__exchange_rates as (
    select * from {{ ref('stg_billing__exchange_rates') }}
),

valued_invoices as (
    select
        int_invoices_united.*,
        int_customers_linked.account_id,
        int_customers_linked.linked_by,
        case
            when int_invoices_united.currency = '{{ var("reporting_currency") }}' then cast(1 as decimal(18, 8))
            else cast(stg_billing__exchange_rates.rate as decimal(18, 8))
        end as rate,
        stg_billing__exchange_rates.rate_on,
        {{ in_reporting_currency(
            'int_invoices_united.document_total', 'int_invoices_united.currency', 'stg_billing__exchange_rates'
        ) }} as total
    from int_invoices_united
    left join int_customers_linked
        on int_invoices_united.billing_customer_id = int_customers_linked.billing_customer_id
    left join stg_billing__exchange_rates
        on {{ rate_in_force('stg_billing__exchange_rates', 'int_invoices_united.currency', 'int_invoices_united.issued_on') }}
)

select
    invoice_id,
    document_id,
    account_id,
    billing_customer_id,
    credited_invoice_id,
    kind,
    status,
    currency,
    case
        when kind = 'payable' then 'non_revenue'
        when issued_on > {{ as_of_date() }} then 'not_yet'
        when status = 'void' then 'void'
        when total is null then 'no_rate'
        when account_id is null then 'unattributed'
        else 'attributed'
    end as money_state,
    case
        when account_id is not null then cast(null as varchar)
        when customer_code is null then 'no_customer'
        when linked_by is null then 'unknown_customer'
        else linked_by
    end as unattributed_reason,
    document_total,
    lines_total,
    units,
    last_lines_file,
    sum_lines_files,
    rate,
    total,
    rate_on,
    issued_on,
    due_on,
    issued_at,
    source,
    source_file,
    source_row
from valued_invoices
