-- claim: a listed security has a bar on every session between its first and last bar
-- severity: soft
-- job: prices-daily
-- why: A hole in the source looks the same as an illiquid security without a trade; a person has to decide.
with spans as (
  select
    p.security_id,
    min(p.trade_date) as first_date,
    max(p.trade_date) as last_date,
    count(*) as bars_count
  from stocks_research.prices_daily p
  group by p.security_id
), expected as (
  select n.security_id, n.bars_count, n.first_date, n.last_date, sum(c.sessions_count) as sessions_count
  from spans n
  join stocks_research.ticker_history h on h.security_id = n.security_id
  cross join lateral (
    -- Counted where they are found: a row for each of them would be as many rows as there are bars.
    select count(*) as sessions_count
    from stocks_research.trading_sessions c
    where c.session_date between n.first_date and n.last_date
      and c.session_date between h.valid_from and coalesce(h.valid_to, 'infinity')) c
  group by n.security_id, n.bars_count, n.first_date, n.last_date
)
select
  s.source_id as subject,
  e.first_date,
  e.last_date,
  e.sessions_count,
  e.bars_count,
  e.sessions_count - e.bars_count as missing_count
from expected e
join stocks_research.securities s using (security_id)
where e.sessions_count > e.bars_count
