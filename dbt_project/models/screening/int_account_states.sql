with dim_accounts as (
    select * from {{ ref('dim_accounts') }}
),

int_heat_now as (
    select * from {{ ref('int_heat_now') }}
    where body_kind = 'account'
),

int_scorecards as (
    select * from {{ ref('int_scorecards') }}
    where is_in_force
),

current_temperatures as (
    select * from {{ ref('int_temperatures_published') }}
    where valid_to is null
),

computed_temperatures as (
    select
        body_id as account_id,
        temperature,
        row_number() over (partition by body_id order by changed_on desc) as recency
    from {{ ref('int_temperatures_computed') }}
    where body_kind = 'account'
),

int_overrides_given as (
    select * from {{ ref('int_overrides_given') }}
    where {{ as_of_date() }} between valid_from and valid_until
),

int_account_billing as (
    select * from {{ ref('int_account_billing') }}
),

int_account_contact as (
    select * from {{ ref('int_account_contact') }}
),

int_accounts_held as (
    select * from {{ ref('int_accounts_held') }}
),

int_accounts_seasonal as (
    select * from {{ ref('int_accounts_seasonal') }}
)

select
    dim_accounts.account_id,
    int_scorecards.scorecard_version,
    current_temperatures.temperature,
    computed_temperatures.temperature as computed_temperature,
    current_temperatures.valid_from as hot_or_cold_since,
    int_overrides_given.reason as override_reason,
    coalesce(int_heat_now.heat, 0) as heat,
    {%- for dimension in heat_dimensions() %}
    coalesce(int_heat_now.heat_{{ dimension }}, 0) as heat_{{ dimension }},
    {%- endfor %}
    case
        when computed_temperatures.temperature = 'hot' and int_accounts_held.account_id is null then int_heat_now.cools_on
    end as cools_on,
    {{ relationship(
        'int_account_billing.first_invoice_on', 'int_account_billing.invoice_days_365d', as_of_date()
    ) }} as relationship,
    case
        when current_temperatures.temperature = 'hot' then cast(null as varchar)
        when int_account_billing.overdue_amount_30d > 0 then 'payment_trouble'
        when int_accounts_seasonal.account_id is not null then 'seasonal'
        when {{ days_between('int_account_contact.last_inbound_on', as_of_date()) }} >= 90 then 'disengaged'
        when int_account_contact.last_inbound_on is null then 'never_engaged'
    end as cold_because,
    case
        when int_accounts_held.account_id is not null then 'stale'
        when not dim_accounts.has_billing then 'no_billing'
        when not dim_accounts.has_crm then 'no_crm'
        else 'ok'
    end as data_state,
    case
        when dim_accounts.do_not_contact then 'do_not_contact'
        when int_account_contact.has_open_complaint then 'open_complaint'
    end as guard,
    case
        when coalesce(int_heat_now.heat, 0) <= 0 and int_scorecards.p_active_slope is not null then 0
        when int_heat_now.heat > 0
            then
                1 / (1 + exp(-(
                    int_scorecards.p_active_intercept
                    + int_scorecards.p_active_slope * log2(cast(int_heat_now.heat as double))
                )))
    end as p_active_90d,
    int_account_billing.first_invoice_on,
    int_account_billing.last_invoice_on,
    coalesce(int_account_billing.invoices_90d, 0) as invoices_90d,
    coalesce(int_account_billing.invoices_365d, 0) as invoices_365d,
    coalesce(int_account_billing.revenue_365d, 0) as revenue_365d,
    coalesce(int_account_billing.revenue_previous_365d, 0) as revenue_previous_365d,
    coalesce(int_account_billing.revenue_lifetime, 0) as revenue_lifetime,
    case when int_account_billing.account_id is null then 0 else int_account_billing.overdue_amount end as overdue_amount,
    int_account_contact.last_communication_on,
    int_account_contact.last_feedback_score
from dim_accounts
cross join int_scorecards
left join int_heat_now on dim_accounts.account_id = int_heat_now.body_id
left join current_temperatures on dim_accounts.account_id = current_temperatures.account_id
left join computed_temperatures
    on
        dim_accounts.account_id = computed_temperatures.account_id
        and computed_temperatures.recency = 1
left join int_overrides_given on dim_accounts.account_id = int_overrides_given.account_id
left join int_account_billing on dim_accounts.account_id = int_account_billing.account_id
left join int_account_contact on dim_accounts.account_id = int_account_contact.account_id
left join int_accounts_held on dim_accounts.account_id = int_accounts_held.account_id
left join int_accounts_seasonal on dim_accounts.account_id = int_accounts_seasonal.account_id
