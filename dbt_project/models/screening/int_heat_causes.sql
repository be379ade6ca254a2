with int_scorecards as (
    select
        scorecard_version,
        epoch,
        half_life_days
    from {{ ref('int_scorecards') }}
    where is_in_force
),

int_event_degrees as (
    select * from {{ ref('int_event_degrees') }}
    -- A bound that a scan can use: of millions of days, it reads the last ones.
    where occurred_on > {{ add_days(as_of_date(), -90) }}
),

int_heat_now as (
    select
        body_id as account_id,
        heat
    from {{ ref('int_heat_now') }}
    where
        body_kind = 'account'
        and heat > 0
),

recent_events as (
    select
        int_event_degrees.account_id,
        int_scorecards.epoch,
        int_scorecards.half_life_days,
        case
            when int_event_degrees.kind in ('invoice', 'credit_note') then 'order'
            when int_event_degrees.kind = 'opportunity' then 'quote'
            when int_event_degrees.kind in ('nps', 'csat', 'survey', 'complaint') then 'opinion'
            else 'contact'
        end as family,
        int_event_degrees.kind not in ('credit_note') as is_counted,
        (
            {%- for dimension in heat_dimensions() %}
            int_event_degrees.{{ dimension }}{{ ' +' if not loop.last }}
            {%- endfor %}
        ) as degrees,
        {{ heat_weight('int_event_degrees.occurred_on') }} as weight
    from int_event_degrees
    inner join int_scorecards on int_event_degrees.scorecard_version = int_scorecards.scorecard_version
),

recent_families as (
    select
        account_id,
        family,
        min(epoch) as epoch,
        min(half_life_days) as half_life_days,
        count(case when is_counted then 1 end) as events,
        sum({{ heat_integer('degrees', 'weight') }}) as sum_family
    from recent_events
    group by account_id, family
),

family_shares as (
    select
        recent_families.account_id,
        recent_families.family,
        recent_families.events,
        {{ dimension_heat('family', as_of_date()) }} as family_heat,
        int_heat_now.heat
    from recent_families
    inner join int_heat_now on recent_families.account_id = int_heat_now.account_id
),

ranked_families as (
    select
        *,
        row_number() over (partition by account_id order by family_heat desc, family asc) as strength
    from family_shares
    where
        family_heat > 0
        and events > 0
)

select
    account_id,
    events || ' '
    || case family
        when 'order' then 'invoice'
        when 'quote' then 'quote'
        when 'opinion' then 'good response'
        else 'contact'
    end
    || case when events = 1 then ' in 90 days carries ' else 's in 90 days carry ' end
    || {{ spoken_share('family_heat', 'heat') }}
    || ' of its heat' as cause
from ranked_families
where strength = 1
