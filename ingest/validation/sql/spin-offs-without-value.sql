-- Spin-offs of which the source states neither a value nor a ratio of prices.
select
  a.security_id::text,
  a.ex_date,
  a.action_key,
  a.detail ->> 'new_source_id' as new_source_id,
  a.detail ->> 'new_symbol' as new_symbol,
  a.detail ->> 'new_rate' as new_rate,
  a.detail ->> 'source_rate' as source_rate
from stocks_research.corporate_actions a
where a.kind = 'spin_off'
  and a.cash_amount is null
  and a.split_to is null
