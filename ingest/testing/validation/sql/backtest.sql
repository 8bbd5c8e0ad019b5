-- A backtest of momentum and value: for each month end the third of the stocks with the best mean rank of
-- both, and what each of them returned until the next month end.
with month_ends as (
  select max(c.session_date) as day,
    lead(max(c.session_date)) over (order by max(c.session_date)) as next_day
  from stocks_research.trading_sessions c
  where c.session_date between $1::date and $2::date
  group by date_trunc('month', c.session_date)
), days as (
  select m.day, m.next_day, d.lag, stocks_research.session_shift(m.day, d.lag) as session_date
  from month_ends m
  cross join (values (-252), (-21)) d (lag)
), prices as (
  select p.*
  from stocks_research.prices_panel(array(select distinct d.session_date from days d)) p
), momentum as (
  select n.day, b.security_id, b.total_return_close / a.total_return_close - 1 as momentum
  from days n
  join days o on o.day = n.day and o.lag = -252 and n.lag = -21
  join prices a on a.day = o.session_date
  join prices b on b.day = n.session_date and b.security_id = a.security_id
), book as (
  select f.as_of, f.cik, f.value
  from stocks_research.fundamentals_panel(array(select m.day from month_ends m), array['equity']) f
), scores as (
  -- A stock of the universe of the day, with its place by momentum and by book to market.
  select e.day, e.next_day, u.source_id, u.security_id,
    percent_rank() over (partition by e.day order by round(m.momentum, 9))
      + percent_rank() over (partition by e.day order by b.value / c.filer_market_cap) as score
  from month_ends e
  cross join lateral stocks_research.securities_as_of(e.day) u
  join momentum m on m.day = e.day and m.security_id = u.security_id
  join stocks_research.market_cap_panel(array(select n.day from month_ends n)) c
    on c.as_of = e.day and c.security_id = u.security_id
  join book b on b.as_of = e.day and b.cik = c.cik
  where u.security_type = 'stock'
    and e.next_day is not null
    and m.momentum is not null
    and b.value / c.filer_market_cap is not null
), places as (
  select s.*, ntile(3) over (partition by s.day order by s.score desc, s.source_id) as third
  from scores s
)
select p.day::text as day, p.source_id,
  round(stocks_research.total_return(p.security_id, p.day, p.next_day), 9)::text as total_return
from places p
where p.third = 1
order by p.day, p.source_id
