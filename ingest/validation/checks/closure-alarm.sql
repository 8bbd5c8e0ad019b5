-- claim: no session has less than a twentieth of the usual number of bars
-- severity: soft
-- job: prices-daily
-- why: Such a session is a closure that the calendar does not have, or a hole in the source. Usual is the
--      largest number within ten sessions before and after.
with counts as (
  select c.session_date, coalesce(d.bars_count, 0) as bars_count
  from stocks_research.trading_sessions c
  left join (
    select p.trade_date, count(*) as bars_count
    from stocks_research.prices_daily p
    group by p.trade_date) d on d.trade_date = c.session_date
  where c.session_date between (select min(trade_date) from stocks_research.prices_daily)
    and (select max(trade_date) from stocks_research.prices_daily)
), usual as (
  select t.*,
    max(t.bars_count) over (
      order by t.session_date rows between 10 preceding and 10 following) as usual_count
  from counts t
)
select 'XNYS' as subject, u.session_date, u.bars_count, u.usual_count
from usual u
where u.bars_count < 0.05 * u.usual_count
