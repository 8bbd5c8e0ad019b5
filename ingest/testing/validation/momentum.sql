-- The momentum groups of examples/sql/momentum.sql, with the returns of stocks_research.total_return.
with months as (
  select
    month_end,
    lag(month_end, 12) over (order by month_end) as year_before,
    lag(month_end, 1) over (order by month_end) as month_before,
    lead(month_end, 1) over (order by month_end) as next_month
  from (
    select max(session_date) as month_end
    from stocks_research.trading_sessions
    where session_date between (select min(trade_date) from stocks_research.prices_daily)
      and (select max(trade_date) from stocks_research.prices_daily)
    group by date_trunc('month', session_date)
  ) m
), formed as (
  select
    m.month_end,
    m.next_month,
    now.security_id,
    ntile(5) over (
      partition by m.month_end
      order by recent.total_return_close / old.total_return_close, now.security_id
    ) as group
  from months m
  join stocks_research.prices_daily_adjusted_v now on now.trade_date = m.month_end
  join stocks_research.prices_daily_adjusted_v recent
    on recent.trade_date = m.month_before
    and recent.security_id = now.security_id
  join stocks_research.prices_daily_adjusted_v old
    on old.trade_date = m.year_before
    and old.security_id = now.security_id
  where m.next_month is not null
    and now.total_return_close is not null
    and recent.total_return_close is not null
    and old.total_return_close is not null
)
select
  f.group::text as group,
  count(*)::text as observations,
  count(*) filter (where r.value is null)::text as unknown,
  avg(r.value)::text as mean
from formed f
cross join lateral stocks_research.total_return(f.security_id, f.month_end, f.next_month) r (value)
group by f.group
order by f.group
