with int_invoices_united as (
    select * from {{ ref('int_invoices_united') }}
),

credits_of_no_customer as (
    select distinct credited_invoice_id
    from int_invoices_united
    where customer_code is null
),

credited_invoices as (
    select
        int_invoices_united.invoice_id,
        int_invoices_united.billing_customer_id,
        int_invoices_united.customer_code
    from int_invoices_united
    inner join credits_of_no_customer on int_invoices_united.invoice_id = credits_of_no_customer.credited_invoice_id
),

int_customers_linked as (
    select * from {{ ref('int_customers_linked') }}
),

stg_billing__exchange_rates as (
    select * from {{ ref('stg_billing__exchange_rates') }}
),

rates_in_force as (
    {{ rates_in_force('stg_billing__exchange_rates', 'int_invoices_united', 'issued_on') }}
),

-- A credit note that names no customer is that of the invoice it credits.
owned_invoices as (
    select
        int_invoices_united.invoice_id,
        int_invoices_united.document_id,
        int_invoices_united.credited_invoice_id,
        int_invoices_united.kind,
        int_invoices_united.status,
        int_invoices_united.currency,
        int_invoices_united.is_sum_of_lines,
        int_invoices_united.rate_to_base,
        int_invoices_united.rate_from_base,
        int_invoices_united.rate_base,
        int_invoices_united.document_total,
        int_invoices_united.document_open_balance,
        int_invoices_united.lines_total,
        int_invoices_united.units,
        int_invoices_united.issued_on,
        int_invoices_united.due_on,
        int_invoices_united.issued_at,
        int_invoices_united.source,
        int_invoices_united.source_file,
        int_invoices_united.source_row,
        coalesce(int_invoices_united.billing_customer_id, credited_invoices.billing_customer_id) as billing_customer_id,
        coalesce(int_invoices_united.customer_code, credited_invoices.customer_code) as customer_code
    from int_invoices_united
    left join credited_invoices
        on
            int_invoices_united.credited_invoice_id = credited_invoices.invoice_id
            and int_invoices_united.customer_code is null
),

rated_invoices as (
    select
        owned_invoices.*,
        {{ rate_of_document('owned_invoices', 'rates_in_force', 'base_rates_in_force') }} as rate,
        {{ divisor_of_document('owned_invoices') }} as divisor,
        rates_in_force.rate_on
    from owned_invoices
    left join rates_in_force
        on
            owned_invoices.currency = rates_in_force.currency
            and owned_invoices.issued_on = rates_in_force.in_force_on
    left join rates_in_force as base_rates_in_force
        on
            owned_invoices.rate_base = base_rates_in_force.currency
            and owned_invoices.issued_on = base_rates_in_force.in_force_on
),

valued_invoices as (
    select
        rated_invoices.*,
        int_customers_linked.account_id,
        int_customers_linked.linked_by,
        case
            when rated_invoices.is_sum_of_lines and rated_invoices.lines_total is null then cast(null as decimal(18, 4))
            else {{ valued('rated_invoices.document_total', 'rated_invoices') }}
        end as total,
        {{ valued('rated_invoices.document_open_balance', 'rated_invoices') }} as open_balance
    from rated_invoices
    left join int_customers_linked
        on rated_invoices.billing_customer_id = int_customers_linked.billing_customer_id
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
        when is_sum_of_lines and lines_total is null then 'without_lines'
        when kind = 'credit_note' and document_total > 0 then 'above_zero'
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
    is_sum_of_lines,
    document_total,
    document_open_balance,
    lines_total,
    units,
    rate,
    total,
    open_balance,
    rate_on,
    issued_on,
    due_on,
    issued_at,
    source,
    source_file,
    source_row
from valued_invoices
