{{ config(
    materialized='incremental', incremental_strategy='rewrite', on_schema_change='fail',
    meta={'rewrites': 'sold', 'frozen': true}
) }}

{%- set notes = source('config', 'invoices_changed') %}
{%- set figures %}
    cast(count(distinct case when fct_invoices.kind = 'invoice' then fct_invoices.invoice_id end) as integer) as invoices,
    cast(sum(stg_billing__invoice_lines.quantity) as decimal(18, 4)) as units,
    cast(sum(
        {{ in_reporting_currency('stg_billing__invoice_lines.amount', 'fct_invoices.currency', 'fct_invoices') }}
    ) as decimal(18, 4)) as revenue,
    max(stg_billing__invoice_lines.description) as description,
    min(fct_invoices.issued_on) as first_invoice_on,
    max(fct_invoices.issued_on) as last_invoice_on
{%- endset %}

with fct_invoices as {{ inlined() }} (
    select * from {{ ref('fct_invoices') }}
    where money_state = 'attributed'
),

stg_billing__invoice_lines as {{ inlined() }} (
    select * from {{ ref('stg_billing__invoice_lines') }}
    where
        is_current
        and product_code is not null
)

{%- if is_incremental() %},

undone as (
    {{ products_undone() }}
),

invoices_added as (
    select
        source,
        document_id
    from ({{ invoices_changed() }}) as invoices_changed
    where change > 0
),

-- What an invoice adds is added to what stands; where one goes, all that its account bought of its products is summed again.
added as (
    select
        fct_invoices.account_id,
        stg_billing__invoice_lines.product_code,
        {{- figures }}
    from stg_billing__invoice_lines
    inner join fct_invoices
        on
            stg_billing__invoice_lines.source = fct_invoices.source
            and stg_billing__invoice_lines.document_id = fct_invoices.document_id
    inner join invoices_added
        on
            stg_billing__invoice_lines.source = invoices_added.source
            and stg_billing__invoice_lines.document_id = invoices_added.document_id
    left join undone
        on
            fct_invoices.account_id = undone.account_id
            and stg_billing__invoice_lines.product_code = undone.product_code
    where undone.account_id is null
    group by fct_invoices.account_id, stg_billing__invoice_lines.product_code
),

remade as (
    select
        fct_invoices.account_id,
        stg_billing__invoice_lines.product_code,
        {{- figures }}
    from stg_billing__invoice_lines
    inner join fct_invoices
        on
            stg_billing__invoice_lines.source = fct_invoices.source
            and stg_billing__invoice_lines.document_id = fct_invoices.document_id
    inner join undone
        on
            fct_invoices.account_id = undone.account_id
            and stg_billing__invoice_lines.product_code = undone.product_code
    where fct_invoices.account_id in (select account_id from undone)
    group by fct_invoices.account_id, stg_billing__invoice_lines.product_code
),

parts as (
    select * from remade
    union all
    select * from added
    union all
    select
        standing.account_id,
        standing.product_code,
        standing.invoices,
        standing.units,
        standing.revenue,
        standing.description,
        standing.first_invoice_on,
        standing.last_invoice_on
    from {{ this }} as standing
    inner join added
        on
            standing.account_id = added.account_id
            and standing.product_code = added.product_code
)

select
    account_id,
    product_code,
    cast(sum(invoices) as integer) as invoices,
    cast(sum(units) as decimal(18, 4)) as units,
    cast(sum(revenue) as decimal(18, 4)) as revenue,
    max(description) as description,
    min(first_invoice_on) as first_invoice_on,
    max(last_invoice_on) as last_invoice_on
from parts
group by account_id, product_code
{%- else %}

select
    fct_invoices.account_id,
    stg_billing__invoice_lines.product_code,
    {{- figures }}
from stg_billing__invoice_lines
inner join fct_invoices
    on
        stg_billing__invoice_lines.source = fct_invoices.source
        and stg_billing__invoice_lines.document_id = fct_invoices.document_id
group by fct_invoices.account_id, stg_billing__invoice_lines.product_code
{%- endif %}
