-- Closes of what was spun off, within thirty days of each ex-date: they have ten sessions, whatever the
-- holidays.
with spin_offs as (
  select
    a.ex_date,
    a.detail ->> 'new_source_id' as new_source_id,
    a.detail ->> 'new_symbol' as new_symbol
  from stocks_research.corporate_actions a
  where a.kind = 'spin_off'
    and a.cash_amount is null
    and a.split_to is null
)
select distinct p.security_id::text, s.source_id, s.currency, t.ticker, p.trade_date, p.close
from spin_offs u
join stocks_research.prices_daily p on p.trade_date between u.ex_date and u.ex_date + 30
join stocks_research.securities s on s.security_id = p.security_id
left join stocks_research.ticker_history t on t.security_id = p.security_id
  and p.trade_date between t.valid_from and coalesce(t.valid_to, 'infinity')
where s.source_id = u.new_source_id
  or t.ticker = u.new_symbol
