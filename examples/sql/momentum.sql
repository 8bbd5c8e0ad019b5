-- Momentum: at each month-end, securities in five groups by their total return from 12 months to 1 month
-- before; the mean total return of each group in the next month. A security that is delisted in that month
-- counts with its last value and its delisting return; where the latter is not known, it counts as unknown.
with month_ends as (
  select max(session_date) as month_end
  from trading_sessions
  where session_date between (select min(trade_date) from prices) and (select max(trade_date) from prices)
  group by date_trunc('month', session_date)
), months as (
  select
    month_end,
    lag(month_end, 12) over (order by month_end) as year_before,
    lag(month_end, 1) over (order by month_end) as month_before,
    lead(month_end, 1) over (order by month_end) as next_month
  from month_ends
), closes as (
  select security_id, trade_date, total_return_close::double as value
  from prices
  where total_return_close is not null
), formed as (
  select
    m.month_end,
    m.next_month,
    now.security_id,
    now.value,
    ntile(5) over (partition by m.month_end order by recent.value / old.value, now.security_id) as "group"
  from months m
  join closes now on now.trade_date = m.month_end
  join closes recent on recent.trade_date = m.month_before and recent.security_id = now.security_id
  join closes old on old.trade_date = m.year_before and old.security_id = now.security_id
  where m.next_month is not null
), held as (
  -- The last close up to the next month-end. Where the listing ended before it, the delisting return follows.
  select
    f.month_end,
    f."group",
    f.security_id,
    case
      when d.security_id is null or later.trade_date = f.next_month then later.value / f.value - 1
      else later.value / f.value * (1 + d.delisting_return::double) - 1
    end as next_return
  from formed f
  asof join closes later
    on later.security_id = f.security_id
    and later.trade_date <= f.next_month
  left join delistings d
    on d.security_id = f.security_id
    and d.last_trade_date = later.trade_date
)
select
  "group",
  count(*) as observations,
  count(*) filter (where next_return is null) as unknown,
  avg(next_return) as mean_next_return
from held
group by "group"
order by "group"
