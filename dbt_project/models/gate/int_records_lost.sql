{%- set feeds = {
    'accounts': ['account_id', none], 'contacts': ['contact_id', none], 'opportunities': ['opportunity_id', none],
    'communications': ['communication_id', none], 'feedback': ['feedback_id', none],
    'billing_customers': ['customer_id', none], 'invoices': ['invoice_id', 'total'],
    'invoice_lines': ['invoice_id', 'amount'], 'payments': ['payment_id', 'amount'],
} -%}

with int_files_ordered as (
    select * from {{ ref('int_files_ordered') }}
    where mode = 'snapshot'
),

published_inputs as (
    select * from {{ source('config', 'published_inputs') }}
),

-- By path as well: files without a record are alike.
published_files as (
    select distinct deliveries.file_id
    from {{ source('raw', 'deliveries') }} as deliveries
    inner join {{ source('raw', 'files') }} as files on deliveries.file_id = files.file_id
    inner join published_inputs
        on
            files.source = published_inputs.source
            and files.sha256 = published_inputs.sha256
            and deliveries.source_file = published_inputs.source_file
),

delivered_files as (
    select
        int_files_ordered.*,
        published_files.file_id is not null as is_published,
        max(case when published_files.file_id is not null then 1 else 0 end) over (
            partition by int_files_ordered.source, int_files_ordered.kind_of_file
        ) = 1 as is_published_feed,
        coalesce(
            cast(int_files_ordered.stated_on as varchar),
            int_files_ordered.delivery_key || ' of landing ' || cast(int_files_ordered.landed_in as varchar),
            int_files_ordered.source_file
        ) as delivery
    from int_files_ordered
    left join published_files on int_files_ordered.file_id = published_files.file_id
),

-- What was published last or, before that, delivered before the newest.
earlier_files as (
    select
        *,
        max(file_position) over (partition by source, kind_of_file, delivery_number, logical_file) as copy_position,
        max(file_position) over (partition by source, kind_of_file, delivery_number) as delivery_position,
        max(file_position) over (partition by source, kind_of_file) as newest_position
    from delivered_files
    where case when is_published_feed then is_published else is_outdated end
),

files_before as (
    select * from earlier_files
    where
        file_position = copy_position
        and delivery_position = newest_position
),

files_now as (
    select * from delivered_files
    where not is_outdated
),

compared as (
    select
        files_now.source,
        files_now.kind_of_file,
        max(files_now.delivery) as delivery_now,
        max(files_before.delivery) as delivery_before
    from files_now
    inner join files_before
        on
            files_now.source = files_before.source
            and files_now.kind_of_file = files_before.kind_of_file
    group by files_now.source, files_now.kind_of_file
    having count(case when not files_now.is_published then 1 end) > 0
),

compared_files as (
    select
        stated.file_id,
        stated.feed,
        stated.is_now,
        compared.source,
        compared.kind_of_file,
        compared.delivery_before,
        compared.delivery_now
    from (
        select
            file_id,
            feed,
            source,
            kind_of_file,
            true as is_now
        from files_now
        union all
        select
            file_id,
            feed,
            source,
            kind_of_file,
            false as is_now
        from files_before
    ) as stated
    inner join compared
        on
            stated.source = compared.source
            and stated.kind_of_file = compared.kind_of_file
),

records as (
    {%- for feed, (key, money) in feeds.items() %}
    select
        compared_files.source,
        compared_files.kind_of_file,
        compared_files.delivery_before,
        compared_files.delivery_now,
        compared_files.is_now,
        records.{{ key }} as record_key,
        {{ 'records.' ~ money if money else 'cast(0 as decimal(18, 4))' }} as money,
        records.file_id,
        records.source_row
    from {{ source('raw', feed) }} as records
    inner join compared_files
        on
            records.file_id = compared_files.file_id
            and compared_files.feed = '{{ feed }}'
    union all
    {%- endfor %}
    -- What a mapping leaves out was delivered all the same.
    select
        compared_files.source,
        compared_files.kind_of_file,
        compared_files.delivery_before,
        compared_files.delivery_now,
        compared_files.is_now,
        excluded.document_id as record_key,
        excluded.amount as money,
        excluded.file_id,
        excluded.source_row
    from {{ source('raw', 'excluded') }} as excluded
    inner join compared_files on excluded.file_id = compared_files.file_id
    where
        excluded.document_id is not null
        and compared_files.is_now
),

records_compared as (
    select
        source,
        kind_of_file,
        delivery_before,
        delivery_now,
        record_key,
        max(case when not is_now then 1 else 0 end) = 1 as was_there,
        max(case when is_now then 1 else 0 end) = 1 as is_there,
        abs(coalesce(sum(case when not is_now then money end), 0)) as money_before,
        abs(coalesce(sum(case when is_now then money end), 0)) as money_now,
        min(case when not is_now then file_id end) as file_id,
        min(case when not is_now then source_row end) as source_row
    from records
    group by source, kind_of_file, delivery_before, delivery_now, record_key
)

select
    source,
    kind_of_file,
    delivery_before,
    delivery_now,
    record_key,
    file_id,
    source_row,
    cast(money_before as decimal(38, 4)) as money_before,
    cast(case when is_there then least(money_before, money_now) else 0 end as decimal(38, 4)) as money_kept,
    not is_there as is_lost
from records_compared
where was_there
