-- CTEs, to continue with a select: each (security, session) pair that should have a bar, with its close or
-- null. $1, $2: first and last day of the window.
with spans as (
  select
    s.security_id,
    s.source_id,
    h.ticker,
    greatest(h.valid_from, s.list_date, $1::date) as first_date,
    least(h.valid_to, s.delist_date, $2::date) as last_date,
    -- Without a listing day the first bar is all that is known of its beginning.
    case when s.list_date is null then (
      select min(p.trade_date)
      from stocks_research.prices_daily p
      where p.security_id = s.security_id) end as first_bar
  from stocks_research.securities s
  join stocks_research.ticker_history h using (security_id)
  where not exists (select from ingestion.removed_securities r where r.security_id = s.security_id)
), pairs as (
  select
    n.security_id,
    n.source_id,
    n.ticker,
    c.session_date,
    p.close,
    row_number() over (partition by n.security_id order by c.session_date) as session_no
  from spans n
  join stocks_research.trading_sessions c
    on c.session_date between greatest(n.first_date, case when n.first_bar <= $2 then n.first_bar end)
      and n.last_date
  left join stocks_research.prices_daily p on p.security_id = n.security_id and p.trade_date = c.session_date
)
