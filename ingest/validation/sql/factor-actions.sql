-- The corporate actions of some securities. $1 the securities.
select
  a.security_id::text,
  a.ex_date,
  a.kind,
  a.cash_amount,
  a.split_from,
  a.split_to,
  a.currency,
  a.declared_date,
  a.action_key
from stocks_research.corporate_actions a
where a.security_id = any ($1::bigint[])
