-- claim: no security has two tickers on one day
-- severity: hard
-- job: ticker-history
-- why: The view of adjusted prices shows the ticker of each day; two intervals on a day would double the bar.
select s.source_id as subject, a.ticker, b.ticker as other_ticker, b.valid_from as overlap_date
from stocks_research.ticker_history a
join stocks_research.ticker_history b on b.security_id = a.security_id
  and b.valid_from > a.valid_from
  and b.valid_from <= coalesce(a.valid_to, 'infinity')
join stocks_research.securities s on s.security_id = a.security_id
