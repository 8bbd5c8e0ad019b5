-- claim: the history of securities has every ticker interval once, with its flag
-- severity: hard
-- job: ticker-history
-- why: An interval that is missing takes a security out of a past universe; a flag that is wrong shows
--      today's type or filer as that of a past day.
select
  coalesce(v.security_id, h.security_id)::text as subject,
  coalesce(v.valid_from, h.valid_from) as valid_from,
  h.ticker,
  v.ticker as ticker_in_view,
  v.is_of_later_interval
from stocks_research.security_history_v v
full join stocks_research.ticker_history h
  on h.security_id = v.security_id and h.valid_from = v.valid_from
left join stocks_research.securities s on s.security_id = h.security_id
where (v.ticker, v.valid_to, v.name, v.security_type, v.cik)
    is distinct from (h.ticker, h.valid_to, s.name, s.security_type, s.cik)
  or v.is_of_later_interval is distinct from exists (
    select
    from stocks_research.ticker_history n
    where n.security_id = h.security_id and n.valid_from > h.valid_from)
