-- The return of the first session that could trade on the results of a period.
select e.cik, e.period_end, e.is_announced, r.security_id, r.trade_date, r.return
from stocks_research.earnings_dates_v e
join stocks_research.securities s on s.cik = e.cik
join stocks_research.returns_daily_v r
  on r.security_id = s.security_id
  and r.trade_date = e.first_session
where e.first_session between :'from' and :'to';
