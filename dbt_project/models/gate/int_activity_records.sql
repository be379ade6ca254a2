with stg_billing__payments as (
    select * from {{ ref('stg_billing__payments') }}
),

stg_crm__opportunities as (
    select * from {{ ref('stg_crm__opportunities') }}
),

stg_crm__communications as (
    select * from {{ ref('stg_crm__communications') }}
),

stg_crm__feedback as (
    select * from {{ ref('stg_crm__feedback') }}
),

fct_payments as (
    select * from {{ ref('fct_payments') }}
),

fct_invoices as (
    select * from {{ ref('fct_invoices') }}
),

fct_account_events as (
    select distinct
        feed,
        record_id
    from {{ ref('fct_account_events') }}
    where feed <> 'invoices'
),

int_accounts_merged as (
    select * from {{ ref('int_accounts_merged') }}
),

int_customers_linked as (
    select * from {{ ref('int_customers_linked') }}
),

payments_of_nobody as (
    select
        fct_payments.payment_id,
        case
            when stg_billing__payments.billing_customer_id is null and fct_payments.invoice_id is null
                then 'no_customer'
            else coalesce(fct_invoices.unattributed_reason, int_customers_linked.linked_by, 'unknown_customer')
        end as reason
    from fct_payments
    inner join stg_billing__payments
        on
            fct_payments.payment_id = stg_billing__payments.payment_id
            and stg_billing__payments.is_current
    left join fct_invoices on fct_payments.invoice_id = fct_invoices.invoice_id
    left join int_customers_linked
        on stg_billing__payments.billing_customer_id = int_customers_linked.billing_customer_id
    where fct_payments.account_id is null
),

crm_records as (
    select
        'opportunities' as feed,
        opportunity_id as record_id,
        crm_account_id,
        opened_on as dated_on,
        is_current,
        is_deleted,
        source,
        source_file,
        source_row
    from stg_crm__opportunities
    union all
    select
        'communications' as feed,
        communication_id as record_id,
        crm_account_id,
        occurred_on as dated_on,
        is_current,
        is_deleted,
        source,
        source_file,
        source_row
    from stg_crm__communications
    union all
    select
        'feedback' as feed,
        feedback_id as record_id,
        crm_account_id,
        given_on as dated_on,
        is_current,
        is_deleted,
        source,
        source_file,
        source_row
    from stg_crm__feedback
),

records as (
    select
        crm_records.feed,
        crm_records.record_id,
        crm_records.dated_on,
        crm_records.is_current,
        crm_records.is_deleted,
        case
            when crm_records.crm_account_id is null then 'no_account'
            when int_accounts_merged.crm_account_id is null then 'unknown_account'
            else int_accounts_merged.excluded_because
        end as unattributed_reason,
        false as is_without_rate,
        crm_records.source,
        crm_records.source_file,
        crm_records.source_row
    from crm_records
    left join int_accounts_merged on crm_records.crm_account_id = int_accounts_merged.crm_account_id
    union all
    select
        'payments' as feed,
        stg_billing__payments.payment_id as record_id,
        stg_billing__payments.paid_on as dated_on,
        stg_billing__payments.is_current,
        stg_billing__payments.is_deleted,
        payments_of_nobody.reason as unattributed_reason,
        fct_payments.payment_id is not null and fct_payments.amount is null as is_without_rate,
        stg_billing__payments.source,
        stg_billing__payments.source_file,
        stg_billing__payments.source_row
    from stg_billing__payments
    left join fct_payments on stg_billing__payments.payment_id = fct_payments.payment_id
    left join payments_of_nobody on stg_billing__payments.payment_id = payments_of_nobody.payment_id
)

select
    records.feed,
    records.record_id,
    records.dated_on,
    case
        when not records.is_current then 'superseded'
        when records.is_deleted then 'deleted'
        when records.dated_on > {{ as_of_date() }} then 'not_yet'
        when fct_account_events.record_id is not null then 'attributed'
        when records.unattributed_reason is not null then 'unattributed'
        when records.is_without_rate then 'no_rate'
    end as class,
    records.unattributed_reason,
    records.source,
    records.source_file,
    records.source_row
from records
left join fct_account_events
    on
        records.record_id = fct_account_events.record_id
        and records.feed = fct_account_events.feed
