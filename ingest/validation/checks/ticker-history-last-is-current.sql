-- claim: the last ticker interval has the current ticker of its security
-- severity: soft
-- job: ticker-history
-- why: securities.ticker and ticker_history can come from different files, and one of them can be outdated.
select s.source_id as subject, s.ticker, h.ticker as last_ticker, h.valid_from
from stocks_research.securities s
join lateral (
  select ticker, valid_from
  from stocks_research.ticker_history h
  where h.security_id = s.security_id
  order by valid_from desc
  limit 1
) h on true
where h.ticker <> s.ticker
