with dim_accounts as (
    select * from {{ ref('dim_accounts') }}
),

int_account_states as (
    select * from {{ ref('int_account_states') }}
),

int_heat_causes as (
    select * from {{ ref('int_heat_causes') }}
),

default_playbooks as (
    select * from {{ ref('default_playbooks') }}
),

configured_playbooks as (
    select * from {{ source('config', 'playbooks') }}
),

playbooks as (
    select
        configured_playbooks.*,
        1 as preference
    from configured_playbooks
    union all
    select
        default_playbooks.*,
        2 as preference
    from default_playbooks
),

matching_playbooks as (
    select
        int_account_states.account_id,
        playbooks.playbook,
        row_number() over (
            partition by int_account_states.account_id
            order by
                case when playbooks.guard is not null then 0 else 1 end,
                case when playbooks.relationship is not null then 0 else 1 end,
                playbooks.preference,
                playbooks.playbook
        ) as precedence
    from int_account_states
    inner join playbooks
        on
            int_account_states.temperature = playbooks.temperature
            and coalesce(playbooks.relationship, int_account_states.relationship) = int_account_states.relationship
            and coalesce(playbooks.guard, 'none') = coalesce(int_account_states.guard, 'none')
),

reasons as (
    select
        int_account_states.account_id,
        case int_account_states.temperature
            when 'hot' then 'Hot since '
            else 'Cold since '
        end
        || {{ spoken_date('int_account_states.hot_or_cold_since') }}
        || case
            when int_account_states.override_reason is not null
                then ' by decision: ' || int_account_states.override_reason
            when int_heat_causes.cause is not null and int_account_states.temperature = 'hot'
                then ': ' || int_heat_causes.cause
            when int_account_states.temperature = 'hot'
                then ''
            when int_account_states.relationship = 'potential' and int_account_states.cold_because = 'never_engaged'
                then ': no order, quote or contact yet'
            when int_account_states.relationship = 'potential'
                then ': no order yet'
            else ': last invoice on ' || {{ spoken_date('int_account_states.last_invoice_on') }}
        end
        || case
            when int_account_states.data_state = 'stale' then '; its data are late, so it is held'
            when int_account_states.override_reason is not null then ''
            when int_account_states.cools_on is not null
                then
                    '; cools on '
                    || {{ spoken_date('int_account_states.cools_on') }}
                    || case
                        when int_account_states.relationship = 'potential' then ' without a new sign of interest'
                        else ' without a new order'
                    end
            when int_account_states.cold_because = 'payment_trouble' then '; payments are more than 30 days overdue'
            when int_account_states.cold_because = 'seasonal' then '; it came back at this time of an earlier year'
            else ''
        end || '.' as reason
    from int_account_states
    left join int_heat_causes on int_account_states.account_id = int_heat_causes.account_id
)

select
    int_account_states.account_id,
    dim_accounts.account_code,
    dim_accounts.account_name,
    dim_accounts.account_kind,
    dim_accounts.parent_account_id,
    dim_accounts.owner,
    dim_accounts.country,
    {{ as_of_date() }} as as_of_date,
    int_account_states.temperature,
    int_account_states.computed_temperature,
    int_account_states.override_reason,
    cast(int_account_states.heat as decimal(18, 9)) as heat,
    {%- for dimension in heat_dimensions() %}
    cast(int_account_states.heat_{{ dimension }} as decimal(18, 9)) as heat_{{ dimension }},
    {%- endfor %}
    int_account_states.hot_or_cold_since,
    int_account_states.cools_on,
    int_account_states.relationship,
    int_account_states.cold_because,
    int_account_states.data_state,
    int_account_states.guard,
    matching_playbooks.playbook,
    reasons.reason,
    int_account_states.first_invoice_on,
    int_account_states.last_invoice_on,
    cast(int_account_states.invoices_365d as integer) as invoices_365d,
    cast(int_account_states.revenue_365d as decimal(18, 4)) as revenue_365d,
    cast(int_account_states.revenue_previous_365d as decimal(18, 4)) as revenue_previous_365d,
    cast(int_account_states.revenue_lifetime as decimal(18, 4)) as revenue_lifetime,
    '{{ var("reporting_currency") }}' as reporting_currency,
    cast(int_account_states.overdue_amount as decimal(18, 4)) as overdue_amount,
    int_account_states.last_communication_on,
    cast(int_account_states.last_feedback_score as decimal(18, 9)) as last_feedback_score,
    cast(round(int_account_states.p_active_90d, 6) as decimal(9, 6)) as p_active_90d,
    cast(int_account_states.scorecard_version as integer) as scorecard_version,
    cast(null as varchar) as publication_id
from int_account_states
inner join dim_accounts on int_account_states.account_id = dim_accounts.account_id
inner join reasons on int_account_states.account_id = reasons.account_id
left join matching_playbooks
    on
        int_account_states.account_id = matching_playbooks.account_id
        and matching_playbooks.precedence = 1
