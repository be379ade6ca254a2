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

-- Playbooks are chosen by these alone, and many accounts share them.
kinds_of_state as (
    select distinct
        temperature,
        relationship,
        guard
    from int_account_states
),

matching_playbooks as (
    select
        kinds_of_state.temperature,
        kinds_of_state.relationship,
        kinds_of_state.guard,
        playbooks.playbook,
        row_number() over (
            partition by kinds_of_state.temperature, kinds_of_state.relationship, kinds_of_state.guard
            order by
                case when playbooks.guard is not null then 0 else 1 end,
                case when playbooks.relationship is not null then 0 else 1 end,
                playbooks.preference,
                playbooks.playbook
        ) as precedence
    from kinds_of_state
    inner join playbooks
        on
            kinds_of_state.temperature = playbooks.temperature
            and coalesce(playbooks.relationship, kinds_of_state.relationship) = kinds_of_state.relationship
            and coalesce(playbooks.guard, 'none') = coalesce(kinds_of_state.guard, 'none')
),

reasoned_states as (
    select
        int_account_states.*,
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
    reasoned_states.account_id,
    dim_accounts.account_code,
    dim_accounts.account_name,
    dim_accounts.account_kind,
    dim_accounts.parent_account_id,
    dim_accounts.owner,
    dim_accounts.country,
    {{ as_of_date() }} as as_of_date,
    reasoned_states.temperature,
    reasoned_states.computed_temperature,
    reasoned_states.override_reason,
    cast(reasoned_states.heat as decimal(18, 9)) as heat,
    {%- for dimension in heat_dimensions() %}
    cast(reasoned_states.heat_{{ dimension }} as decimal(18, 9)) as heat_{{ dimension }},
    {%- endfor %}
    reasoned_states.hot_or_cold_since,
    reasoned_states.cools_on,
    reasoned_states.relationship,
    reasoned_states.cold_because,
    reasoned_states.data_state,
    reasoned_states.guard,
    matching_playbooks.playbook,
    reasoned_states.reason,
    reasoned_states.first_invoice_on,
    reasoned_states.last_invoice_on,
    cast(reasoned_states.invoices_365d as integer) as invoices_365d,
    cast(reasoned_states.revenue_365d as decimal(18, 4)) as revenue_365d,
    cast(reasoned_states.revenue_previous_365d as decimal(18, 4)) as revenue_previous_365d,
    cast(reasoned_states.revenue_lifetime as decimal(18, 4)) as revenue_lifetime,
    '{{ var("reporting_currency") }}' as reporting_currency,
    cast(reasoned_states.overdue_amount as decimal(18, 4)) as overdue_amount,
    reasoned_states.last_communication_on,
    cast(reasoned_states.last_feedback_score as decimal(18, 9)) as last_feedback_score,
    cast(round(reasoned_states.p_active_90d, 6) as decimal(9, 6)) as p_active_90d,
    cast(reasoned_states.scorecard_version as integer) as scorecard_version,
    cast(null as varchar) as publication_id
from reasoned_states
inner join dim_accounts on reasoned_states.account_id = dim_accounts.account_id
left join matching_playbooks
    on
        reasoned_states.temperature = matching_playbooks.temperature
        and reasoned_states.relationship = matching_playbooks.relationship
        and coalesce(reasoned_states.guard, 'none') = coalesce(matching_playbooks.guard, 'none')
        and matching_playbooks.precedence = 1
