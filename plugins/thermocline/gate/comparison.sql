-- What the gate compares of a candidate with the current publication. Schema `candidate` holds the candidate's frozen
-- tables, `published.reporting` what readers see; $published_on and $as_of_date are their days.

-- One row per account of either, with its temperature and revenue in each.
create table accounts_compared as
select
    coalesce(now.account_id, before.account_id) as account_id,
    before.temperature as temperature_before,
    now.temperature as temperature_now,
    before.revenue_365d as revenue_before,
    now.revenue_365d as revenue_now
from candidate.account_segments as now
full join published.reporting.account_segments as before on now.account_id = before.account_id;

-- One row, where another scorecard is in force than on the published day.
create table versions_compared as
with versions as (
    select
        max_by(scorecard_version, effective_from) filter (where effective_from <= $published_on) as version_before,
        max_by(scorecard_version, effective_from) filter (where effective_from <= $as_of_date) as version_after
    from candidate.scorecards
)

select * from versions
where version_before <> version_after;

-- One row per published account and new scorecard: its temperature on the published day under both, as known now.
create table scorecard_change as
with on_the_day as (
    select
        scorecard_version,
        account_id,
        max_by(temperature, changed_on) as temperature
    from candidate.scorecard_paths
    where changed_on <= $published_on
    group by all
),

overruled as (
    select
        account_id,
        temperature
    from candidate.overrides
    where $published_on between valid_from and valid_until
)

select
    accounts_compared.account_id,
    accounts_compared.revenue_before as revenue_365d,
    coalesce(overruled.temperature, before.temperature, 'cold') as temperature_before,
    coalesce(overruled.temperature, after.temperature, 'cold') as temperature_after
from versions_compared
cross join accounts_compared
left join on_the_day as before
    on
        accounts_compared.account_id = before.account_id
        and versions_compared.version_before = before.scorecard_version
left join on_the_day as after
    on
        accounts_compared.account_id = after.account_id
        and versions_compared.version_after = after.scorecard_version
left join overruled on accounts_compared.account_id = overruled.account_id
where accounts_compared.temperature_before is not null;

-- One row: shares from 0 to 1; null where there is nothing to compare with.
create table figures as
with shares as (
    select
        count(temperature_before) as accounts_before,
        count(temperature_now) as accounts_now,
        count(*) filter (where temperature_now = 'hot') / nullif(count(temperature_now)::double, 0) as hot_now,
        count(*) filter (where temperature_before = 'hot') / nullif(count(temperature_before)::double, 0) as hot_before,
        -- Where there is no revenue, none of it is in hot accounts.
        coalesce(
            (sum(revenue_now) filter (where temperature_now = 'hot'))::double / nullif(sum(revenue_now)::double, 0), 0
        ) as revenue_now,
        coalesce(
            (sum(revenue_before) filter (where temperature_before = 'hot'))::double
            / nullif(sum(revenue_before)::double, 0), 0
        ) as revenue_before
    from accounts_compared
),

scorecard_effect as (
    select
        (
            count(*) filter (where temperature_after = 'hot') - count(*) filter (where temperature_before = 'hot')
        ) / nullif(count(*)::double, 0) as hot,
        (
            sum(case when temperature_after = 'hot' then revenue_365d else 0 end)
            - sum(case when temperature_before = 'hot' then revenue_365d else 0 end)
        )::double / nullif(sum(revenue_365d)::double, 0) as revenue
    from scorecard_change
)

select
    abs(shares.hot_now - shares.hot_before - coalesce(scorecard_effect.hot, 0))::decimal(9, 6) as hot_share_moved,
    case
        when shares.accounts_before > 0 and shares.accounts_now > 0
            then abs(shares.revenue_now - shares.revenue_before - coalesce(scorecard_effect.revenue, 0))
    end::decimal(9, 6) as hot_revenue_share_moved,
    abs(scorecard_effect.hot)::decimal(9, 6) as scorecard_moved_hot_share,
    abs(scorecard_effect.revenue)::decimal(9, 6) as scorecard_moved_hot_revenue_share
from shares
cross join scorecard_effect;

-- One row per figure and account that moved, with its newest record, the best place to look.
create table failures as
with moved as (
    select
        unnest(['hot_share_moved', 'hot_revenue_share_moved']) as measure,
        account_id,
        coalesce(temperature_before, 'absent') as temperature_before,
        coalesce(temperature_now, 'absent') as temperature_after
    from accounts_compared
    where temperature_before is distinct from temperature_now
    union all
    select
        unnest(['scorecard_moved_hot_share', 'scorecard_moved_hot_revenue_share']) as measure,
        account_id,
        temperature_before,
        temperature_after
    from scorecard_change
    where temperature_before <> temperature_after
),

newest_records as (
    select
        account_id,
        source,
        source_file,
        source_row
    from candidate.account_timeline
    where
        source_file is not null
        and account_id in (select account_id from moved)
    qualify row_number() over (partition by account_id order by occurred_at desc, event_id desc) = 1
)

select
    moved.measure,
    moved.account_id as failing_key,
    moved.temperature_before || ' before, ' || moved.temperature_after || ' now' as detail,
    newest_records.source,
    newest_records.source_file,
    newest_records.source_row
from moved
left join newest_records on moved.account_id = newest_records.account_id
