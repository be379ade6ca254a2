{# The tables of whole records of schema raw: each one's key, its other columns, and the money in it. #}
{% macro records_of(feed) -%}
    {{ return({
        'accounts': {'key': 'account_id', 'columns': [
            'name', 'kind', 'parent_account_id', 'owner', 'country', 'email', 'phone', 'created_on', 'do_not_contact',
            'billing_customer_id', 'is_deleted', 'merged_into_account_id',
        ]},
        'contacts': {'key': 'contact_id', 'columns': ['account_id', 'name', 'role', 'email', 'phone', 'is_deleted']},
        'opportunities': {'key': 'opportunity_id', 'columns': [
            'account_id', 'opened_at', 'stage', 'amount', 'currency', 'expected_on', 'closed_at', 'outcome', 'is_deleted',
        ]},
        'communications': {'key': 'communication_id', 'columns': [
            'account_id', 'contact_id', 'occurred_at', 'channel', 'direction', 'outcome', 'subject', 'is_deleted',
        ]},
        'communication_accounts': {'key': 'association', 'columns': ['communication_id', 'account_id', 'is_deleted']},
        'opportunity_accounts': {'key': 'association', 'columns': ['opportunity_id', 'account_id', 'is_primary', 'is_deleted']},
        'feedback': {'key': 'feedback_id', 'columns': [
            'account_id', 'given_at', 'kind', 'score', 'scale_min', 'scale_max', 'comment', 'resolved_at', 'is_deleted',
        ]},
        'billing_customers': {'key': 'customer_id', 'columns': [
            'name', 'email', 'account_id', 'country', 'parent_customer_id', 'is_deleted',
        ]},
        'invoices': {'key': 'invoice_id', 'money': 'total', 'columns': [
            'customer_id', 'issued_at', 'due_at', 'currency', 'total', 'status', 'kind', 'credited_invoice_id',
            'open_balance', 'is_sum_of_lines', 'rate_to_base', 'rate_from_base', 'rate_base',
        ]},
        'payments': {'key': 'payment_id', 'money': 'amount', 'columns': [
            'invoice_id', 'customer_id', 'paid_at', 'amount', 'currency', 'method',
            'refunded_payment_id', 'intent_id', 'rate_to_base', 'rate_from_base', 'rate_base',
        ]},
        'lookups': {'key': 'own_key', 'columns': ['lookup', 'lookup_key', 'lookup_value']},
    }[feed]) }}
{%- endmacro %}

{#
    Every version of every record of a table, with its file's place in the order of deliveries; of records that the
    mapping leaves out on purpose, which end earlier versions, key and place only.

    relation: the table's records, a source or a CTE.
#}
{% macro record_versions(feed, relation) -%}
    {%- set record = records_of(feed) -%}
    select
        files.source,
        records.{{ record.key }},
        {%- for column in record.columns %}
        records.{{ column }},
        {%- endfor %}
        records.updated_at,
        files.source_file,
        records.source_row,
        files.file_id,
        files.delivery_key as delivery_id,
        files.covers_on,
        files.mode,
        files.is_dated,
        files.is_outdated,
        files.delivery_number,
        files.file_position,
        files.landed_in,
        files.logical_file,
        true as is_taken
    from {{ relation }} as records
    inner join {{ ref('int_files_ordered') }} as files on records.file_id = files.file_id
    union all
    select
        files.source,
        excluded.document_id as {{ record.key }},
        {%- for column in record.columns %}
        null as {{ column }},
        {%- endfor %}
        excluded.updated_at,
        files.source_file,
        excluded.source_row,
        files.file_id,
        files.delivery_key as delivery_id,
        files.covers_on,
        files.mode,
        files.is_dated,
        files.is_outdated,
        files.delivery_number,
        files.file_position,
        files.landed_in,
        files.logical_file,
        false as is_taken
    from {{ source('raw', 'excluded') }} as excluded
    inner join {{ ref('int_files_ordered') }} as files on excluded.file_id = files.file_id
    where
        files.feed = '{{ feed }}'
        and excluded.document_id is not null
{%- endmacro %}

{# The order of a record's versions, the latest first. What nothing tells apart is told apart by its content. #}
{% macro latest_first(feed, versions) -%}
    {{ versions }}.updated_at desc nulls last,
    {{ versions }}.file_position desc,
    {%- for column in records_of(feed).columns %}
    {{ versions }}.{{ column }} desc nulls last,
    {%- endfor %}
    {{ versions }}.is_taken desc,
    {{ versions }}.file_id desc,
    {{ versions }}.source_row desc
{%- endmacro %}
