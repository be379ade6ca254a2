with int_account_groups as (
    select * from {{ ref('int_account_groups') }}
    where accounts > 1
),

account_segments as (
    select * from {{ ref('account_segments') }}
),

int_heat_now as (
    select * from {{ ref('int_heat_now') }}
    where body_kind = 'group'
),

int_temperatures_computed as (
    select
        body_id as group_id,
        temperature,
        changed_on,
        row_number() over (partition by body_id order by changed_on desc) as recency
    from {{ ref('int_temperatures_computed') }}
    where body_kind = 'group'
),

members as (
    select
        int_account_groups.group_id,
        int_account_groups.group_name,
        count(*) as accounts,
        count(case when account_segments.temperature = 'hot' then 1 end) as hot_accounts,
        count(case when account_segments.data_state = 'stale' then 1 end) as stale_accounts,
        sum(account_segments.revenue_365d) as revenue_365d,
        max(account_segments.scorecard_version) as scorecard_version
    from int_account_groups
    inner join account_segments on int_account_groups.account_id = account_segments.account_id
    group by int_account_groups.group_id, int_account_groups.group_name
)

select
    members.group_id,
    members.group_name,
    {{ as_of_date() }} as as_of_date,
    int_temperatures_computed.temperature,
    cast(coalesce(int_heat_now.heat, 0) as decimal(18, 9)) as heat,
    cast(round(cast(coalesce(int_heat_now.heat, 0) as double) / members.accounts, 9) as decimal(18, 9)) as heat_per_account,
    int_temperatures_computed.changed_on as hot_or_cold_since,
    case
        when int_temperatures_computed.temperature = 'hot' and members.stale_accounts = 0 then int_heat_now.cools_on
    end as cools_on,
    cast(members.accounts as integer) as accounts,
    cast(members.hot_accounts as integer) as hot_accounts,
    cast(members.revenue_365d as decimal(18, 4)) as revenue_365d,
    cast(members.scorecard_version as integer) as scorecard_version,
    cast(null as varchar) as publication_id
from members
inner join int_temperatures_computed
    on
        members.group_id = int_temperatures_computed.group_id
        and int_temperatures_computed.recency = 1
left join int_heat_now on members.group_id = int_heat_now.body_id
