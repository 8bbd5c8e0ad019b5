-- Sessions of the window before the first bar of a security whose listing day is not known.
:pairs
select
  n.source_id,
  max(n.ticker) as ticker,
  n.first_bar as first_trade_date,
  count(*)::integer as sessions
from spans n
join stocks_research.trading_sessions c
  on c.session_date between n.first_date and least(n.last_date, n.first_bar - 1)
where n.first_bar between $1 and $2
group by n.source_id, n.first_bar
order by sessions desc, source_id
