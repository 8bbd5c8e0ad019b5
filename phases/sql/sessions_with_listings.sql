-- Each session of the window $1 to $2 on which a security with bars was listed, and whether no bar is on it:
-- a session that the source lacks, or a closure that the calendar does not know.
select
  s.session_date,
  not exists (
    select from stocks_research.prices_daily p where p.trade_date = s.session_date
  ) as is_empty
from stocks_research.trading_sessions s
where s.session_date between $1 and $2
  and exists (
    select
    from stocks_research.ticker_history t
    join stocks_research.prices_daily p using (security_id)
    where s.session_date between t.valid_from and coalesce(t.valid_to, 'infinity')
  )
order by s.session_date
