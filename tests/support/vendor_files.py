"""Small exports of every shipped mapping, as the vendors give them."""

HUBSPOT = {
    "hubspot/all-companies.csv": """\
Record ID,Company name,Company owner,Country/Region,Phone Number,Create Date,Last Modified Date,Industry
9001,Bluebay Ltd,Sam Sales,Malta,+356 1,2024-02-01 09:30,2024-03-01 10:00,GAMING
9002,"Harbour; & Sons",,,,2023-11-12 14:00,2024-01-01 00:00,
""",
    "hubspot/companies-api.csv": """\
id,properties.hs_object_id,properties.name,properties.country,properties.createdate,updatedAt,archived
9003,9003,Kestrel Sports,Ireland,2025-05-20T08:00:00.000Z,2025-06-01T08:00:00.000Z,true
""",
    "hubspot/company.csv": """\
id,property_name,property_createdate,property_country,is_deleted,_fivetran_synced
9004,Fourth,2024-04-01 00:00:00,Malta,false,2024-05-01 00:00:00
""",
    "hubspot/contacts.csv": """\
Record ID,First Name,Last Name,Email,Job Title,Associated Company IDs
8001,Priya,Example,priya@bluebay.example,Head,9001;9002
""",
    "hubspot/deals.csv": """\
Record ID,Deal Name,Deal Stage,Amount,Deal owner,Create Date,Close Date,Associated Company IDs
7001,Bluebay casino,Closed Won,15000,Sam,2024-01-10 08:00,2024-02-10 08:00,9001
7002,Harbour games,Proposal,2500.50,Sam,2024-01-11 08:00,2024-12-31 00:00,9002
7003,Gone,closedlost,,Sam,2024-01-12 08:00,2024-02-12 08:00,9002
""",
    "hubspot/calls.csv": """\
Record ID,Call Title,Call direction,Call outcome,Activity date,Associated Company IDs
6001,Hello,Inbound,Connected,2024-03-01 10:00,9001
6002,Hello?,Outbound,f240bbac-87c9-4f6e-bf70-924b57d47db7,2024-03-02 10:00,9001
6003,No one,Outbound,Left voicemail,2024-03-03 10:00,9001
""",
    "hubspot/emails.csv": """\
hs_object_id,hs_email_subject,hs_email_direction,hs_email_status,hs_timestamp,company_id
5001,Re: offer,INCOMING_EMAIL,SENT,2024-03-01T10:00:00Z,9001
5002,Offer,EMAIL,SENT,2024-03-01T09:00:00Z,9001
5003,Offer,EMAIL,BOUNCED,2024-03-01T08:00:00Z,9001
""",
    "hubspot/engagement_call.csv": """\
engagement_id,property_hs_timestamp,property_hs_call_direction,property_hs_call_disposition,_fivetran_synced
6101,2024-03-04 10:00:00,INBOUND,f240bbac-87c9-4f6e-bf70-924b57d47db7,2024-03-05 00:00:00
""",
    "hubspot/engagement_company.csv": """\
company_id,engagement_id,engagement_type,type_id,_fivetran_synced,category
9004,6101,CALL,182,2024-03-05 00:00:00,HUBSPOT_DEFINED
""",
    "hubspot/meetings.csv": """\
Record ID,Meeting name,Meeting outcome,Meeting start time,Associated Company IDs
4001,Demo,Completed,2024-03-05 10:00,9001
4002,Demo,Scheduled,2024-03-25 10:00,9001
4003,Demo,No show,2024-03-06 10:00,9001
""",
    "hubspot/feedback.csv": """\
Record ID,Survey type,Rating,Response,Date,Associated Company IDs
3001,NPS,9,Fine,2024-03-07 10:00,9001
3002,CES,2,Hard,2024-03-08 10:00,9002
""",
}
STRIPE = {
    "stripe/customers.csv": """\
id,name,email,created,invoice_prefix,address_country,is_deleted
cus_1,Ada,ada@example.org,2024-01-01 00:00:00,AB1,JP,FALSE
cus_2,Bob,,2024-01-01 00:00:00,AB2,,TRUE
""",
    "stripe/invoices.csv": """\
id,customer,created,due_date,currency,total,status,attempt_count
in_usd,cus_1,1704103200,1706781600,usd,123456,paid,1
in_jpy,cus_1,2024-01-02 10:00:00,,jpy,123456,open,0
in_kwd,cus_1,2024-01-03 10:00:00,,KWD,123456,uncollectible,0
in_isk,cus_1,2024-01-04 10:00:00,,isk,500,void,0
in_draft,cus_1,2024-01-05 10:00:00,,usd,999,draft,0
in_none,cus_1,2024-01-06 10:00:00,,,100,open,0
""",
    "stripe/invoice_line_items.csv": """\
id,invoice_id,amount,currency,description,quantity,proration
il_1,in_usd,123456,usd,Thing,2,false
""",
    "stripe/charges.csv": """\
id,customer,invoice,created,amount,amount_refunded,currency,status,captured,paid
ch_1,cus_1,in_usd,1704103200,123456,0,usd,succeeded,true,true
ch_2,cus_1,in_usd,1704103200,123456,0,usd,failed,false,false
ch_3,cus_1,,1704103200,50,0,usd,succeeded,false,true
""",
    "stripe/refunds.csv": """\
id,charge,created,amount,currency,status,receipt_number,reason
re_1,ch_1,1704189600,100,usd,succeeded,,
re_2,ch_1,1704189600,100,usd,pending,,
""",
    "stripe/credit_notes.csv": """\
id,customer,invoice,created,total,currency,status,voided_at,memo
cn_1,cus_1,in_usd,1704189600,1000,usd,issued,,
cn_2,cus_1,in_usd,1704189600,1000,usd,void,1704189600,
""",
    "stripe/dashboard/invoices.csv": """\
id,Customer,Customer Email,Created (UTC),Currency,Total,Status
in_d,cus_1,ada@example.org,2024-02-01 10:00,usd,12.34,paid
""",
    "stripe/dashboard/payments.csv": """\
id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer ID,Invoice ID
ch_d,2024-02-01 10:00:00,"1,012.34",2.34,usd,Paid,cus_1,in_d
ch_e,2024-02-02 10:00:00,50.00,0.00,usd,Failed,cus_1,
""",
    "stripe/dashboard/customers.csv": """\
id,Description,Email,Name,Created (UTC),Delinquent,Card Address Country
cus_3,,cy@example.org,Cy,2024-02-01 10:00,false,GB
""",
}
QUICKBOOKS = {
    "quickbooks/customers.csv": """\
Id,DisplayName,PrimaryEmailAddr.Address,BillAddr.Country,Job,MetaData.LastUpdatedTime
1,Amy's Bird Sanctuary,birds@example.org,USA,false,2024-01-01T10:00:00-08:00
""",
    "quickbooks/invoice.csv": """\
id,doc_number,transaction_date,due_date,total_amount,balance,currency_id,customer_id,updated_at,_fivetran_deleted
130,1037,2024-01-20,2024-02-19,362.07,0,USD,1,2024-01-21 00:00:00,false
131,1038,2024-01-21,2024-02-20,100.00,100.00,USD,1,2024-01-21 00:00:00,false
132,1039,2024-01-22,2024-02-21,50.00,50.00,USD,1,2024-01-22 00:00:00,true
""",
    "quickbooks/invoice_line.csv": """\
invoice_id,index,amount,description,detail_type,sales_item_item_id,sales_item_quantity,sales_item_unit_price
130,0,362.07,Garden,SalesItemLineDetail,5,1,362.07
130,1,362.07,,SubTotalLineDetail,,,
""",
    "quickbooks/credit_memo.csv": """\
Id,DocNumber,TxnDate,TotalAmt,Balance,RemainingCredit,CurrencyRef.value,CustomerRef.value
140,CM1,2024-01-25,20.50,0,0,USD,1
""",
    "quickbooks/credit_memo_line.csv": """\
credit_memo_id,index,amount,description,detail_type,sales_item_item_id,sales_item_quantity,sales_item_unit_price
140,0,22.50,Garden,SalesItemLineDetail,5,3,7.50
140,1,2.00,Discount,DiscountLineDetail,,,
140,2,,So sorry,DescriptionOnly,,,
""",
    "quickbooks/sales_receipt.csv": """\
id,transaction_date,total_amount,balance,currency_id,customer_id,deposit_to_account_id,_fivetran_deleted
160,2024-02-03,45.00,0,USD,1,35,false
161,2024-02-04,9.00,0,USD,,35,true
""",
    "quickbooks/refund_receipt.csv": """\
id,transaction_date,total_amount,balance,currency_id,customer_id,deposit_to_account_id,_fivetran_deleted
170,2024-02-05,15.00,0,USD,1,35,false
""",
    "quickbooks/payment.csv": """\
id,transaction_date,total_amount,unapplied_amount,currency_id,customer_id,_fivetran_deleted
150,2024-02-01,362.07,0,USD,1,false
151,2024-02-02,5.00,0,USD,1,true
""",
}
XERO = {
    "xero/Contacts.csv": """\
ContactID,Name,EmailAddress,ContactStatus,IsSupplier,IsCustomer,UpdatedDateUTC
c-1,Marine Systems,ms@example.org,ACTIVE,false,true,2024-01-01T00:00:00
c-2,Power Company,,ACTIVE,true,false,2024-01-01T00:00:00
""",
    "xero/invoice.csv": """\
invoice_id,invoice_number,type,contact_id,date,due_date,total,currency_code,status,updated_date_utc
i-1,INV-1,ACCREC,c-1,2024-01-10,2024-02-10,500.25,NZD,AUTHORISED,2024-01-10 00:00:00
i-2,INV-2,ACCREC,c-1,2024-01-11,,40.00,NZD,DRAFT,2024-01-11 00:00:00
i-3,B-1,ACCPAY,c-2,2024-01-12,,99.99,NZD,PAID,2024-01-12 00:00:00
i-4,INV-4,ACCREC,c-1,2024-01-13,,10.00,NZD,VOIDED,2024-01-13 00:00:00
""",
    "xero/credit_note.csv": """\
credit_note_id,credit_note_number,type,contact_id,date,total,currency_code,status
n-1,CN-1,ACCRECCREDIT,c-1,2024-01-15,50.00,NZD,PAID
n-2,CN-2,ACCPAYCREDIT,c-2,2024-01-15,5.00,NZD,PAID
""",
    "xero/payment.csv": """\
payment_id,invoice_id,date,amount,payment_type,status
p-1,i-1,2024-01-20,500.25,ACCRECPAYMENT,AUTHORISED
p-2,i-3,2024-01-20,99.99,ACCPAYPAYMENT,AUTHORISED
p-3,i-1,2024-01-20,1.00,ACCRECPAYMENT,DELETED
p-4,n-1,2024-01-20,2.00,ARCREDITPAYMENT,AUTHORISED
""",
    "xero/line_item.csv": """\
invoice_id,line_item_id,item_code,description,quantity,unit_amount,line_amount
i-1,l-1,BOOK,A book,1,500.25,500.25
""",
    "xero/SalesInvoices.csv": """\
ContactName,EmailAddress,InvoiceNumber,InvoiceDate,DueDate,Total,InvoiceAmountDue,LineAmount,Currency,Type,Status
Marine,ms@example.org,INV-9,2024-01-31,2024-02-28,30.00,30.00,10.00,NZD,Sales invoice,Awaiting Payment
Marine,ms@example.org,INV-9,2024-01-31,2024-02-28,30.00,30.00,20.00,NZD,Sales invoice,Awaiting Payment
Marine,ms@example.org,INV-10,03/04/2024,,7.00,7.00,7.00,NZD,Sales invoice,Paid
""",
}
SALESFORCE = {
    "salesforce/Case.csv": """\
Id,AccountId,Type,Subject,Status,CreatedDate,ClosedDate,IsDeleted,SystemModstamp
500A,001A,Complaint,Late,New,2024-01-05T08:00:00.000Z,,false,2024-01-05T08:00:00.000Z
500B,001A,Question,How,New,2024-01-05T08:00:00.000Z,,false,2024-01-05T08:00:00.000Z
500C,001A,,,New,2024-01-05T08:00:00.000Z,,false,2024-01-05T08:00:00.000Z
""",
    "salesforce/Task.csv": """\
Id,AccountId,WhoId,Subject,Status,TaskSubtype,CallType,CallDisposition,ActivityDate,CreatedDate,SystemModstamp
00TA,001A,,Called,Completed,Call,Outbound,Interested,2024-01-05,2024-01-04T08:00:00.000Z,2024-01-05T08:00:00.000Z
00TB,001A,,To call,Not Started,Call,,,2024-02-05,2024-01-04T08:00:00.000Z,2024-01-05T08:00:00.000Z
00TC,001A,,To do,Completed,Task,,,2024-01-05,2024-01-04T08:00:00.000Z,2024-01-05T08:00:00.000Z
""",
    "salesforce/Event.csv": """\
Id,AccountId,WhoId,Subject,StartDateTime,IsDeleted,SystemModstamp
00UA,001A,,Visit,2024-01-05T08:00:00.000Z,false,2024-01-05T08:00:00.000Z
""",
}
INVOICE_LINES = {
    "lines/sales.csv": """\
Invoice #,Customer No.,Customer Name,Invoice Date,SKU,Qty,Unit Price,Line Total,Currency
1001,K1,Kafka,2024-01-05,A,2,1.50,3.00,EUR
1002,K1,Kafka,2024-01-06,A,-1,1.50,-1.50,EUR
""",
}
CANONICAL = {
    "canonical/accounts.csv": """\
account_id,name,kind,created_on
A1,Own,entrepreneur,2024-01-01
""",
    "canonical/payments.csv": """\
payment_id,invoice_id,paid_at,amount,currency
P1,I1,2024-01-01T10:00:00Z,1.50,EUR
""",
}
API = {
    "stripe/api/invoices.json": """\
{"object": "list", "url": "/v1/invoices", "has_more": false, "data": [
 {"id": "in_api", "object": "invoice", "customer": "cus_1", "created": 1704103200, "currency": "usd",
  "total": 1000,
  "status": "open", "attempt_count": 0, "amount_remaining": 1000, "due_date": null,
  "status_transitions": {"finalized_at": 1704189600},
  "lines": {"object": "list", "data": [
    {"id": "il_a", "amount": 400, "currency": "usd", "description": "A", "quantity": 1},
    {"id": "il_b", "amount": 600, "currency": "usd", "description": "B", "quantity": 3}]}}]}
""",
    "hubspot/api/companies.json": """\
{"results": [
 {"id": "9101", "properties": {"hs_object_id": "9101", "name": "By API", "country": "Malta",
  "createdate": "2024-02-01T09:30:00Z"},
  "updatedAt": "2024-02-02T09:30:00Z", "archived": false}]}
""",
    "quickbooks/api/invoice.json": """\
{"QueryResponse": {"Invoice": [
 {"Id": "230", "TxnDate": "2024-03-01", "DueDate": "2024-03-31", "TotalAmt": 12.5, "Balance": 12.5,
  "CurrencyRef": {"value": "USD"}, "CustomerRef": {"value": "1", "name": "Amy"},
  "MetaData": {"LastUpdatedTime": "2024-03-01T10:00:00-08:00"},
  "Line": [
   {"Id": "1", "LineNum": 1, "Description": "Rock", "Amount": 7.5, "DetailType": "SalesItemLineDetail",
    "SalesItemLineDetail": {"ItemRef": {"value": "4", "name": "Rock"}, "UnitPrice": 2.5, "Qty": 3}},
   {"Id": "2", "LineNum": 2, "Amount": 0, "DetailType": "GroupLineDetail",
    "GroupLineDetail": {"GroupItemRef": {"value": "19"}, "Quantity": 1, "Line": [
     {"Id": "3", "LineNum": 3, "Amount": 6.0, "DetailType": "SalesItemLineDetail",
      "SalesItemLineDetail": {"ItemRef": {"value": "6"}, "UnitPrice": 6, "Qty": 1}}]}},
   {"Description": "Thank you", "DetailType": "DescriptionOnly"},
   {"Amount": 1.0, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": false}},
   {"Amount": 12.5, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}]},
 {"Id": "231", "TxnDate": "2024-03-02", "DueDate": "2024-03-31", "TotalAmt": 0, "Balance": 0,
  "CurrencyRef": {"value": "USD"}, "CustomerRef": {"value": "1"}, "Line": []}], "maxResults": 2},
 "time": "2024-03-02T00:00:00Z"}
""",
    "quickbooks/api/refunds.json": """\
{"QueryResponse": {"RefundReceipt": [
 {"Id": "240", "TxnDate": "2024-03-05", "TotalAmt": 5.0, "Balance": 0, "CurrencyRef": {"value": "USD"},
  "CustomerRef": {"value": "1"}, "DepositToAccountRef": {"value": "35"},
  "Line": [{"LineNum": 1, "Amount": 5.0, "DetailType": "SalesItemLineDetail",
    "SalesItemLineDetail": {"ItemRef": {"value": "4"}, "UnitPrice": 2.5, "Qty": 2}}]}]}}
""",
    "xero/api/invoices.json": """\
{"Id": "r-1", "Status": "OK", "Invoices": [
 {"InvoiceID": "i-9", "Type": "ACCREC", "Status": "PAID", "Contact": {"ContactID": "c-1"},
  "Date": "/Date(1704844800000+0000)/", "LineAmountTypes": "Exclusive",
  "CurrencyCode": "NZD", "Total": 33.3, "UpdatedDateUTC": "/Date(1704844800000+0000)/",
  "LineItems": [
   {"ItemCode": "BOOK", "Description": "A book", "Quantity": 2, "UnitAmount": 15.0, "LineAmount": 30.0,
    "TaxAmount": 3.3},
   {"Description": "With thanks"}]}]}
""",
    "xero/api/credits.json": """\
{"CreditNotes": [
 {"CreditNoteID": "n-9", "Type": "ACCRECCREDIT", "Status": "PAID", "Contact": {"ContactID": "c-1"},
  "Date": "/Date(1704844800000+0000)/", "LineAmountTypes": "Inclusive", "CurrencyCode": "NZD", "Total": 15.0,
  "LineItems": [
   {"ItemCode": "BOOK", "Quantity": 1, "UnitAmount": 15.0, "LineAmount": 15.0, "TaxAmount": 1.5}]}]}
""",
}
CSV = HUBSPOT | STRIPE | QUICKBOOKS | XERO | SALESFORCE | INVOICE_LINES | CANONICAL
ALL = CSV | API
