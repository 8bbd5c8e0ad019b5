-- 010 · Who was who on a day.
--
-- Without a setting of their own these functions are planned inside the query that calls them.

create function stocks_research.security_as_of(ticker text, as_of date) returns bigint
language sql stable parallel safe as $$
select h.security_id from stocks_research.ticker_history h
where h.ticker = $1 and h.valid_from <= $2 and $2 <= coalesce(h.valid_to, 'infinity')
$$;
comment on function stocks_research.security_as_of(text, date) is 'The security that held this ticker on this day; null when none of ours did: then it was nobody''s, or another company''s.';

create function stocks_research.ticker_as_of(security_id bigint, as_of date) returns text
language sql stable parallel safe as $$
select h.ticker from stocks_research.ticker_history h
where h.security_id = $1 and h.valid_from <= $2 and $2 <= coalesce(h.valid_to, 'infinity')
$$;
comment on function stocks_research.ticker_as_of(bigint, date) is 'The ticker of this security on this day; null when it had none.';

create function stocks_research.securities_as_of(as_of date)
returns table (security_id bigint, source_id text, ticker text, exchange_mic text)
language sql stable parallel safe as $$
select s.security_id, s.source_id, h.ticker, coalesce(h.exchange_mic, s.exchange_mic)
from stocks_research.ticker_history h
join stocks_research.securities s using (security_id)
where h.valid_from <= $1 and $1 <= coalesce(h.valid_to, 'infinity')
  and $1 >= coalesce(s.list_date, '-infinity') and $1 <= coalesce(s.delist_date, 'infinity')
$$;
comment on function stocks_research.securities_as_of(date) is 'Every security that was listed on this day, with its ticker of that day, later delisted ones included: a universe without survivorship bias.';
