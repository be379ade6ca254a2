-- The screening of the example company as one would write it by hand: for this company, these two exports and
-- the default scorecard. It reads the delivered files, keeps the newest version of each document, links, values,
-- and computes heat, history and segments. It quarantines nothing, proves nothing, keeps no lineage, and starts
-- anew each time. Variables: `exports`, the folder; `as_of`, the day.

create macro newest(file) as regexp_extract(file, '(\d{4}-\d\d-\d\d)/[^/]+$', 1);
create macro cells(name) as table
    select *, newest(filename) as delivery
    from read_csv(
        getvariable('exports') || '/*/*/' || name || '.csv', header = true, delim = ',', quote = '"', escape = '"',
        all_varchar = true, filename = true, ignore_errors = true
    );

-- The CRM's accounts: merged ones lead to their survivor, deleted ones and tests to nobody.

create table crm_account as
select
    'salesforce:' || Id as crm_id, Name as account_name, OwnerId as owner, BillingCountry as country,
    lower(trim(Email__c)) as email, cast(CreatedDate as date) as created_on, Legal_Form__c as kind,
    Billing_Customer__c as customer_no, IsDeleted = 'true' as is_deleted,
    'salesforce:' || MasterRecordId as merged_into,
    Name like 'TEST %' or coalesce(Email__c, '') like '%@test.example' as is_test
from cells('Account')
qualify row_number() over (partition by Id order by SystemModstamp desc, delivery desc) = 1;

create table survivor as
with recursive chain as (
    select crm_id, crm_id as reached, 0 as hops from crm_account
    union all
    select chain.crm_id, merged_into, hops + 1
    from chain inner join crm_account on reached = crm_account.crm_id
    where merged_into is not null and hops < 100
)
select
    ends.crm_id, reached, coalesce(is_test and not is_deleted, false) as is_test,
    case when not is_deleted and not is_test then reached end as account_id
from (select * from chain qualify row_number() over (partition by crm_id order by hops desc) = 1) as ends
left join crm_account on reached = crm_account.crm_id;

-- Billing's customers, linked by either key, else by an email that is unique on both sides.

create table customer as
select
    CustomerNo as customer_no, 'kontor:' || CustomerNo as customer_id, Name as customer_name, Country as country,
    lower(trim(Email)) as email, 'salesforce:' || CRMAccount as crm_id, cast(min_delivery as date) as covers_on,
    coalesce(Name, '') like 'TEST %' or coalesce(Email, '') like '%@test.example' as is_test
from (select *, delivery as min_delivery from cells('Customers'))
qualify row_number() over (partition by CustomerNo order by Changed desc, delivery desc) = 1;

create table link as
with keys as (
    select customer_no, crm_id, 1 as precedence from customer where crm_id is not null
    union all
    select customer_no, crm_id, 1 from crm_account where customer_no is not null
    union all
    select mine.customer_no, theirs.crm_id, 3
    from (
        select email, min(customer_no) as customer_no from customer
        where email is not null and not is_test group by email having count(*) = 1
    ) as mine
    inner join (
        select email, min(crm_account.crm_id) as crm_id
        from crm_account inner join survivor on crm_account.crm_id = survivor.account_id
        where email is not null group by email having count(*) = 1
    ) as theirs using (email)
),
usable as (
    select keys.*, survivor.account_id, survivor.is_test, coalesce(survivor.account_id, reached) as leads_to
    from keys inner join survivor using (crm_id)
    where survivor.account_id is not null or survivor.is_test
),
agreed as (
    select
        customer_no, min(account_id) as account_id, bool_or(is_test) as is_test,
        count(distinct leads_to) as candidates
    from (select * from usable qualify rank() over (partition by customer_no order by precedence) = 1)
    group by customer_no
)
select
    customer.customer_no, customer.customer_name, customer.country, customer.covers_on,
    case
        when customer.is_test or coalesce(agreed.is_test, false) then null
        when candidates = 1 then account_id
        else customer_id
    end as account_id
from customer left join agreed using (customer_no);

create table account as
select
    crm_account.crm_id as account_id, account_name, owner, crm_account.country, kind,
    coalesce(created_on, covers_on) as known_from
from crm_account
inner join survivor on crm_account.crm_id = survivor.account_id and survivor.crm_id = survivor.account_id
left join (select account_id, min(covers_on) as covers_on from link group by account_id) as linked
    on linked.account_id = crm_account.crm_id
union all
select 'kontor:' || customer_no, coalesce(customer_name, customer_no), null, country, null, covers_on
from link where account_id = 'kontor:' || customer_no;

-- Documents, in euros.

create table rate as
select
    Currency as currency, cast(Date as date) as rate_on, cast(RateToEUR as decimal(14, 8)) as rate
from cells('ExchangeRates')
qualify row_number() over (partition by Currency, Date order by delivery desc) = 1;

create table document as
with read as (
    select
        InvoiceNo as document_no, CustomerNo as customer_no, try_cast(InvoiceDate as timestamp) as issued_at,
        try_cast(DueDate as date) as due_on, Currency as currency, try_cast(Total as decimal(18, 4)) as document_total,
        lower(Status) as status, Changed as changed, 'invoice' as kind, cast(null as varchar) as credited_no, delivery
    from cells('Invoices')
    where Status in ('Open', 'Paid', 'Void')
    union all
    select
        CreditNoteNo, CustomerNo, try_cast(Date as timestamp), null, Currency, -try_cast(Total as decimal(18, 4)),
        'open', Changed, 'credit_note', CreditedInvoiceNo, delivery
    from cells('CreditNotes')
),
current as (
    select * from read
    where document_no is not null and issued_at is not null and document_total is not null
        and currency in ('EUR', 'USD', 'GBP')
    qualify row_number() over (partition by document_no order by changed desc, delivery desc) = 1
)
select
    current.* exclude (changed, delivery), cast(issued_at as date) as issued_on, link.account_id,
    case when current.currency = 'EUR' then 1 else rate.rate end as rate,
    cast(case
        when current.currency = 'EUR' then document_total
        else round(cast(document_total as decimal(24, 4)) * rate.rate, 4)
    end as decimal(18, 4)) as total
from current
left join link using (customer_no)
asof left join rate on current.currency = rate.currency and cast(issued_at as date) >= rate.rate_on
where cast(issued_at as date) <= getvariable('as_of');

create table revenue as
select * from document where account_id is not null and total is not null;

create table line as
with read as (
    select
        InvoiceNo as document_no, cast(LineNo as integer) as line_no, ArticleNo as product_code,
        Description as description, try_cast(Quantity as decimal(18, 4)) as quantity,
        try_cast(UnitPrice as decimal(18, 6)) as unit_price, try_cast(Amount as decimal(18, 4)) as amount, delivery
    from cells('InvoiceLines')
),
last_delivery as (select document_no, max(delivery) as delivery from read group by document_no)
select read.* exclude (delivery)
from read inner join last_delivery using (document_no, delivery);

-- What happened, with its degrees by dimension.

create table credited as
select
    credits.document_no,
    worth * (cast(greatest(invoiced + so_far - credited, 0) as double) / cast(invoiced as double)) as before,
    worth * (cast(greatest(invoiced + so_far, 0) as double) / cast(invoiced as double)) as after
from (
    select
        note.document_no, invoice.document_total as invoiced,
        case when invoice.status = 'void' then 0 else cast(invoice.total as double) end as worth,
        case
            when note.currency = invoice.currency then note.document_total
            else round(note.total / cast(invoice.rate as double), 4)
        end as credited,
        sum(credited) over (
            partition by invoice.document_no order by note.issued_on, note.document_no
            rows between unbounded preceding and current row
        ) as so_far
    from revenue as note inner join revenue as invoice on note.credited_no = invoice.document_no
    where note.kind = 'credit_note' and invoice.kind = 'invoice' and invoice.total > 0
) as credits;

set variable typical = (
    select cast(round(median(total), 4) as double) from revenue
    where kind = 'invoice' and status <> 'void' and total > 0
);

create table event as
select
    account_id, issued_on as occurred_on, issued_at as occurred_at, kind, cast(null as varchar) as direction,
    status as outcome, document_no, total as amount, cast(null as double) as score,
    case
        when kind = 'invoice' and status <> 'void' and total > 0 then 0.5
        when kind = 'credit_note' and before > 0 and after = 0 then -0.5
        else 0
    end as transactions,
    round(case
        when kind = 'invoice'
            then case
                when status <> 'void' and total > 0 then 0.5 * log2(1 + cast(total as double) / getvariable('typical'))
                else 0
            end
        when before is not null
            then round(0.5 * log2(1 + after / getvariable('typical')), 9)
                - round(0.5 * log2(1 + before / getvariable('typical')), 9)
        else -0.5 * log2(1 + abs(cast(total as double)) / getvariable('typical'))
    end, 9) as contribution,
    cast(0 as double) as intent, cast(0 as double) as communication, cast(0 as double) as feedback
from revenue left join credited using (document_no);

insert into event
select
    link.account_id, paid_on, paid_on, 'payment', 'inbound', null, document_no,
    cast(case when payment.currency = 'EUR' then amount else round(amount * rate.rate, 4) end as decimal(18, 4)),
    null, 0, 0, 0, 0, 0
from (
    select
        InvoiceNo as document_no, CustomerNo as customer_no, try_cast(PaidOn as date) as paid_on,
        try_cast(Amount as decimal(18, 4)) as amount, Currency as currency
    from cells('Payments')
    where PaymentNo is not null and try_cast(PaidOn as date) <= getvariable('as_of')
    qualify row_number() over (partition by PaymentNo order by delivery desc) = 1
) as payment
inner join link using (customer_no)
asof left join rate on payment.currency = rate.currency and paid_on >= rate.rate_on
where link.account_id is not null;

create table crm_event as
select
    AccountId as account, cast(CreatedDate as timestamp) as occurred_at, 'opportunity' as kind,
    cast(null as varchar) as direction, 'opened' as outcome, Id as document_no, cast(null as double) as score,
    cast(0.25 as double) as intent, cast(0 as double) as communication, cast(0 as double) as feedback
from cells('Opportunity')
where IsDeleted <> 'true'
qualify row_number() over (partition by Id order by SystemModstamp desc, delivery desc) = 1
union all
select
    AccountId, cast(CloseDate as timestamp), 'opportunity', null, if(IsWon = 'true', 'won', 'lost'), Id, null,
    if(IsWon = 'true', 0, -0.25), 0, 0
from (
    select * from cells('Opportunity')
    qualify row_number() over (partition by Id order by SystemModstamp desc, delivery desc) = 1
)
where IsClosed = 'true' and IsDeleted <> 'true'
union all
select
    AccountId, try_cast(coalesce(CompletedDateTime, ActivityDate, CreatedDate) as timestamp),
    replace(replace(lower(TaskSubtype), '__c', ''), 'listemail', 'email'),
    lower(CallType), if(CallDisposition = 'Answered', 'answered', 'unanswered'), Id, null, 0,
    case TaskSubtype
        when 'Call' then case when CallType = 'Inbound' then 0.25 when CallDisposition = 'Answered' then 0.15 else 0 end
        else case when CallType = 'Inbound' then 0.15 when CallDisposition = 'Answered' then 0.1 else 0 end
    end, 0
from cells('Task')
where IsDeleted <> 'true'
qualify row_number() over (partition by Id order by SystemModstamp desc, delivery desc) = 1
union all
select
    AccountId, cast(StartDateTime as timestamp), 'meeting', null, lower(Status__c), Id, null, 0,
    if(Status__c = 'Held', 0.5, 0), 0
from cells('Event')
where IsDeleted <> 'true'
qualify row_number() over (partition by Id order by SystemModstamp desc, delivery desc) = 1
union all
select AccountId, cast(CreatedDate as timestamp), 'complaint', 'inbound', lower(Status), Id, null, 0, 0, -0.5
from cells('Case')
where IsDeleted <> 'true'
qualify row_number() over (partition by Id order by SystemModstamp desc, delivery desc) = 1
union all
select
    Account__c, cast(Submitted__c as timestamp), lower(Kind__c), 'inbound', null, Id,
    greatest(-1, least(1, 2 * (cast(Score__c as double) - cast(Scale_Min__c as double))
        / (cast(Scale_Max__c as double) - cast(Scale_Min__c as double)) - 1)) as score,
    0, 0, round(0.5 * score, 9)
from cells('Survey_Response__c')
where IsDeleted <> 'true'
qualify row_number() over (partition by Id order by SystemModstamp desc, delivery desc) = 1;

insert into event
select
    survivor.account_id, cast(occurred_at as date), occurred_at, kind, direction, outcome, document_no, null, score,
    0, 0, intent, communication, feedback
from crm_event inner join survivor on 'salesforce:' || account = survivor.crm_id
where survivor.account_id is not null and cast(occurred_at as date) <= getvariable('as_of');

-- The cooling law: heat at the end of each day with events, and the day on which it will have cooled.

create table heat as
with added as (
    select
        account_id, occurred_on, pow(2, (occurred_on - date '2020-01-01') / 120.0) as weight,
        sum(transactions) * weight as transactions, sum(contribution) * weight as contribution,
        sum(intent) * weight as intent, sum(communication) * weight as communication,
        sum(feedback) * weight as feedback
    from event
    where transactions <> 0 or contribution <> 0 or intent <> 0 or communication <> 0 or feedback <> 0
    group by account_id, occurred_on
),
running as (
    select
        account_id, occurred_on, 1 / weight as decay, lead(occurred_on) over days as next_on,
        sum(transactions) over days as transactions, sum(contribution) over days as contribution,
        sum(intent) over days as intent, sum(communication) over days as communication,
        sum(feedback) over days as feedback
    from added
    window days as (partition by account_id order by occurred_on)
)
select
    *, round((transactions + contribution + intent + communication + feedback) * decay, 9) as heat,
    case when heat >= 0.5 then occurred_on + cast(ceil(120 * log2(heat / 0.5)) as integer) end as cools_on
from running;

create table flip as
with points as (
    select account_id, occurred_on as changed_on, heat >= 1.2 as is_hot, true as has_events from heat
    where heat >= 1.2 or heat < 0.5
    union all
    select account_id, cools_on, if(next_on is null or cools_on < next_on, false, null), false from heat
    where cools_on <= getvariable('as_of') and (next_on is null or cools_on <= next_on)
)
select account_id, changed_on, is_hot
from (
    select *, coalesce(last_value(is_hot ignore nulls) over (
        partition by account_id order by changed_on, has_events rows between unbounded preceding and 1 preceding
    ), false) as was_hot
    from points
)
where is_hot <> was_hot;

-- What readers get.

create schema reporting;

create table reporting.account_temperature_history as
with first_seen as (
    select
        account_id, least(coalesce(min(occurred_on), getvariable('as_of')), coalesce(known_from, min(occurred_on)),
            getvariable('as_of')) as seen_on
    from account left join event using (account_id)
    group by account_id, known_from
),
changes as (
    select first_seen.account_id, seen_on as changed_on, coalesce(is_hot, false) as is_hot
    from first_seen left join flip on first_seen.account_id = flip.account_id and flip.changed_on = seen_on
    union all
    select flip.account_id, changed_on, is_hot from flip inner join first_seen using (account_id)
    where changed_on > seen_on
)
select
    account_id, if(is_hot, 'hot', 'cold') as temperature, changed_on as valid_from,
    lead(changed_on) over (partition by account_id order by changed_on) as valid_to
from changes;

create table reporting.segment_transitions as
select account_id, changed_on, if(is_hot, 'cold', 'hot') as from_temperature, if(is_hot, 'hot', 'cold') as to_temperature
from flip;

create table reporting.account_segments as
with bills as (
    select
        account_id, min(issued_on) as first_invoice_on, max(issued_on) as last_invoice_on,
        count(*) filter (age < 365) as invoices_365d, count(distinct issued_on) filter (age < 365) as invoice_days
    from (select *, getvariable('as_of') - issued_on as age from revenue)
    where kind = 'invoice' and status <> 'void' and total > 0
    group by account_id
),
money as (
    select
        account_id, sum(total) filter (age < 365) as revenue_365d,
        sum(total) filter (age between 365 and 729) as revenue_previous_365d, sum(total) as revenue_lifetime
    from (select *, getvariable('as_of') - issued_on as age from revenue)
    where status <> 'void'
    group by account_id
),
now as (
    select
        account_id, heat.cools_on,
        round(transactions * pow(2, -(getvariable('as_of') - date '2020-01-01') / 120.0), 9) as heat_transactions,
        round(contribution * pow(2, -(getvariable('as_of') - date '2020-01-01') / 120.0), 9) as heat_contribution,
        round(intent * pow(2, -(getvariable('as_of') - date '2020-01-01') / 120.0), 9) as heat_intent,
        round(communication * pow(2, -(getvariable('as_of') - date '2020-01-01') / 120.0), 9) as heat_communication,
        round(feedback * pow(2, -(getvariable('as_of') - date '2020-01-01') / 120.0), 9) as heat_feedback
    from heat where next_on is null
),
talks as (
    select
        account_id, max(occurred_on) filter (kind in ('email', 'call', 'chat', 'letter', 'meeting')) as last_communication_on,
        arg_max(score, occurred_at) filter (score is not null) as last_feedback_score
    from event group by account_id
)
select
    account.*, getvariable('as_of') as as_of_date, history.temperature, history.valid_from as hot_or_cold_since,
    if(history.temperature = 'hot', cools_on, null) as cools_on,
    coalesce(heat_transactions + heat_contribution + heat_intent + heat_communication + heat_feedback, 0) as heat,
    heat_transactions, heat_contribution, heat_intent, heat_communication, heat_feedback,
    case
        when first_invoice_on is null then 'potential'
        when getvariable('as_of') - first_invoice_on <= 90 then 'new'
        when invoice_days >= 3 then 'regular'
        else 'rare'
    end as relationship,
    first_invoice_on, last_invoice_on, invoices_365d, revenue_365d, revenue_previous_365d, revenue_lifetime,
    last_communication_on, last_feedback_score
from account
inner join reporting.account_temperature_history as history
    on account.account_id = history.account_id and history.valid_to is null
left join now on account.account_id = now.account_id
left join bills on account.account_id = bills.account_id
left join money on account.account_id = money.account_id
left join talks on account.account_id = talks.account_id;

create table reporting.account_timeline as
select
    account_id, occurred_at, occurred_on, kind, direction, outcome, document_no, amount,
    transactions + contribution + intent + communication + feedback as degrees
from event;

create table reporting.account_activity_monthly as
select *
from (
    select
        account_id, date_trunc('month', occurred_on) as month,
        count(*) filter (kind = 'invoice' and outcome <> 'void' and amount > 0) as invoices,
        count(*) filter (kind = 'credit_note') as credit_notes,
        sum(amount) filter (kind in ('invoice', 'credit_note') and outcome <> 'void') as revenue,
        count(*) filter (kind = 'payment') as payments,
        count(*) filter (direction = 'inbound' and kind in ('email', 'call', 'chat', 'letter')) as communications_in,
        count(*) filter (direction = 'outbound') as communications_out, avg(score) as feedback_score
    from event group by all
)
left join (
    select account_id, date_trunc('month', issued_on) as month, sum(quantity) as units
    from line inner join revenue using (document_no)
    where status <> 'void' group by all
) using (account_id, month);

create table reporting.account_products as
select
    account_id, product_code, count(distinct document_no) as invoices, sum(quantity) as units,
    sum(round(amount * rate, 4)) as revenue, max(description) as description,
    min(issued_on) as first_invoice_on, max(issued_on) as last_invoice_on
from line inner join revenue using (document_no)
where status <> 'void' and product_code is not null
group by account_id, product_code;

create table reporting.segment_summary as
select as_of_date, temperature, relationship, count(*) as accounts, sum(heat) as heat, sum(revenue_365d) as revenue_365d
from reporting.account_segments group by all;
