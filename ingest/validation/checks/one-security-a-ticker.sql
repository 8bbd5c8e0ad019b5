-- claim: no two securities have one ticker on one day
-- severity: hard
-- job: ticker-history
-- why: Tickers are reused. Rows that a source keys by ticker and day belong to exactly one security only if
--      no two intervals of one ticker overlap.
select
  a.ticker as subject,
  a.security_id,
  b.security_id as other_security_id,
  greatest(a.valid_from, b.valid_from) as overlap_date
from stocks_research.ticker_history a
join stocks_research.ticker_history b on b.ticker = a.ticker
  and b.security_id > a.security_id
  and a.valid_from <= coalesce(b.valid_to, 'infinity')
  and b.valid_from <= coalesce(a.valid_to, 'infinity')
