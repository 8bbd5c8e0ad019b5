-- claim: the adjusted view has every bar once, with its raw values and its ticker of the day
-- severity: hard
-- job: adjustment-factors
-- why: The adjusted columns are recomputed from the raw columns of the view, which must be the stored ones.
with rows as (
  select
    v.security_id,
    v.trade_date,
    v.ticker,
    v.open,
    v.high,
    v.low,
    v.close,
    v.volume,
    row_number() over (partition by v.security_id, v.trade_date) as row_no
  from stocks_research.prices_daily_adjusted_v v
)
select
  coalesce(p.security_id, r.security_id)::text as subject,
  coalesce(p.trade_date, r.trade_date) as trade_date,
  h.ticker,
  r.ticker as view_ticker,
  p.close,
  r.close as view_close,
  r.row_no
from stocks_research.prices_daily p
left join stocks_research.ticker_history h on h.security_id = p.security_id
  and p.trade_date between h.valid_from and coalesce(h.valid_to, 'infinity')
full join rows r on r.security_id = p.security_id and r.trade_date = p.trade_date
where p.security_id is null
  or r.row_no is distinct from 1
  or (p.open, p.high, p.low, p.close, p.volume, h.ticker)
    is distinct from (r.open, r.high, r.low, r.close, r.volume, r.ticker)
