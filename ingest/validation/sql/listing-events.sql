-- The events that can end a listing, as their source stated them.
select
  a.security_id::text,
  a.kind,
  a.ex_date,
  a.cash_amount,
  a.currency,
  a.detail ->> 'reason' as reason,
  a.detail ->> 'stated_kind' as stated_kind,
  a.detail ->> 'cash_rate' as cash_rate,
  a.detail ->> 'stock_rate' as stock_rate
from stocks_research.corporate_actions a
where a.kind in ('delisting', 'merger')
