-- claim: every bar is of a session of the exchange calendar
-- severity: hard
-- job: prices-daily
-- why: A bar on a day on which the exchange was closed has a wrong date, or the calendar lacks a session.
select s.source_id as subject, p.trade_date, p.close
from stocks_research.prices_daily p
join stocks_research.securities s using (security_id)
where not exists (select from stocks_research.trading_sessions c where c.session_date = p.trade_date)
