-- Missing bars by security and run of sessions, the longest first; securities without any bar are left out.
:pairs, missing as (
  select m.*, m.session_no - row_number() over (partition by m.security_id order by m.session_date) as island
  from pairs m
  where m.close is null
    and exists (
      select
      from stocks_research.prices_daily p
      where p.security_id = m.security_id and p.trade_date between $1 and $2)
)
select
  source_id,
  max(ticker) as ticker,
  min(session_date) as first_date,
  max(session_date) as last_date,
  count(*)::integer as missing
from missing
group by source_id, island
order by missing desc, source_id, first_date
