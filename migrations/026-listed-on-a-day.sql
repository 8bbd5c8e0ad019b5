-- Who was listed on a day: what is known to have been listed, and on request what may have been.
--
-- A source may state a ticker interval that begins with its window, long before the first bar of a security
-- that was not listed yet. So an interval alone is not evidence. Only what was known on the day is used: bars
-- up to it, and the stated first day. The functions have no settings of their own, so that PostgreSQL plans
-- them inside the calling query.

create function stocks_research.securities_as_of(as_of date, include_unknown boolean default false)
returns table (
  security_id bigint, source_id text, ticker text, exchange_mic text, security_type text, certainty text
)
language sql stable parallel safe
as $$
select s.security_id, s.source_id, h.ticker, coalesce(h.exchange_mic, s.exchange_mic), s.security_type,
  e.certainty
from stocks_research.ticker_history h
join stocks_research.securities s on s.security_id = h.security_id
left join lateral (
  select p.trade_date
  from stocks_research.prices_daily p
  where p.security_id = h.security_id
    and p.trade_date <= $1
  order by p.trade_date desc
  limit 1
) b on true
cross join lateral (
  select
    case
      when b.trade_date >= (
        select c.session_date
        from stocks_research.trading_sessions c
        where c.session_date <= $1
        order by c.session_date desc
        offset 9 limit 1
      ) then 'traded'
      when b.trade_date is not null then 'no_recent_bar'
      when s.list_date is not null then 'stated'
      else 'before_first_evidence'
    end as certainty
) e
where h.valid_from <= $1
  and $1 <= coalesce(h.valid_to, 'infinity')
  and $1 >= coalesce(s.list_date, '-infinity')
  and $1 <= coalesce(s.delist_date, 'infinity')
  and ($2 or e.certainty in ('traded', 'stated'))
$$;
comment on function stocks_research.securities_as_of(date, boolean) is
  'Every security that is known to have been listed on this day, with its ticker of that day; those that '
  'were delisted later included, so the universe has no survivorship bias. certainty: traded (a bar within '
  'ten sessions up to the day), stated (its first day is stated, and it has no bar yet). With '
  'include_unknown also no_recent_bar and before_first_evidence: a source states the ticker, and nothing '
  'shows that it was listed. Known as of the day, but for security_type, and exchange_mic where the source '
  'reports none for the interval: these are today''s. Trap: counting unknown ones puts companies into the '
  'universe before they came to the market.';

create function stocks_research.security_as_of(
  ticker text, as_of date, include_unknown boolean default false
) returns bigint
language sql stable parallel safe
as $$
select s.security_id
from stocks_research.securities_as_of($2, $3) s
where s.ticker = $1
$$;
comment on function stocks_research.security_as_of(text, date, boolean) is
  'The security that was listed under this ticker on this day; null when none of this database was: then '
  'the ticker was unused, another company''s, or not known to be listed (include_unknown, as in '
  'securities_as_of). resolve_ticker says which. Trap: a ticker without a day does not identify a security.';

create function stocks_research.ticker_key(ticker text) returns text
language sql immutable parallel safe
return regexp_replace(upper(btrim(ticker)), '[^A-Z0-9]+', '.', 'g');
comment on function stocks_research.ticker_key(text) is
  'A ticker without its notation: brk-b, BRK/B, BRK B and BRK.B have one key, BRK.B. BRKB is another one.';
create index ticker_history_by_key
  on stocks_research.ticker_history (stocks_research.ticker_key(ticker), valid_from);

create function stocks_research.resolve_ticker(ticker text, as_of date)
returns table (security_id bigint, listed_ticker text, reason text)
language sql stable parallel safe
as $$
with held as (
  -- Intervals of this ticker in any notation that began until the day, and whether they cover it.
  select h.security_id, h.ticker, h.ticker = $1 as is_exact,
    $2 <= coalesce(h.valid_to, 'infinity') as is_of_day
  from stocks_research.ticker_history h
  where stocks_research.ticker_key(h.ticker) = stocks_research.ticker_key($1)
    and h.valid_from <= $2
), of_day as (
  -- Those of the day, the exact ones before the others.
  select h.security_id, h.ticker, h.is_exact, rank() over (order by h.is_exact desc) as place
  from held h
  where h.is_of_day
), best as (
  select count(*) as candidates_count, min(d.security_id) as security_id, min(d.ticker) as ticker,
    bool_and(d.is_exact) as is_exact
  from of_day d
  where d.place = 1
)
select
  case when b.candidates_count = 1 then l.security_id end,
  case when b.candidates_count = 1 and l.security_id is not null then b.ticker end,
  case
    when not exists (select from held) then 'unknown'
    when b.candidates_count = 0 then 'not_held_on_day'
    when b.candidates_count > 1 then 'ambiguous'
    when l.security_id is null then 'listing_not_known'
    when b.is_exact then 'exact'
    else 'other_notation'
  end
from best b
left join lateral (
  select s.security_id
  from stocks_research.securities_as_of($2) s
  where s.ticker = b.ticker
    and s.security_id = b.security_id
) l on true
$$;
comment on function stocks_research.resolve_ticker(text, date) is
  'The security of a ticker in any notation (BRK-B, brk/b, BRK.B) on a day, always one row. reason: exact, '
  'other_notation; without a security: unknown (no security of this database had it until the day), '
  'not_held_on_day (held before), listing_not_known (held, and no evidence of a listing on the day), '
  'ambiguous.';

create view stocks_research.security_history_v as
select h.security_id, h.valid_from, h.valid_to, h.ticker,
  coalesce(h.exchange_mic, s.exchange_mic) as exchange_mic,
  s.name, s.security_type, s.cik, s.share_class_figi,
  lead(h.valid_from) over (partition by h.security_id order by h.valid_from) is not null
    as is_of_later_interval
from stocks_research.ticker_history h
join stocks_research.securities s on s.security_id = h.security_id;
comment on view stocks_research.security_history_v is
  'What a security was, by interval of its ticker; kept when it is delisted. Ticker and exchange are those '
  'of the interval. Name, type, filer and FIGI are known as of today, or as of the delisting: '
  'is_of_later_interval says that they may not have been true then. Trap: filtering a past universe on '
  'today''s type or filer without looking at the flag.';
comment on column stocks_research.security_history_v.security_id is 'The security.';
comment on column stocks_research.security_history_v.valid_from is 'As in ticker_history.';
comment on column stocks_research.security_history_v.valid_to is
  'As in ticker_history: inclusive, null while it is valid.';
comment on column stocks_research.security_history_v.ticker is 'Ticker of the interval.';
comment on column stocks_research.security_history_v.exchange_mic is
  'Exchange of the interval; the security''s last one where the source reports none for the interval.';
comment on column stocks_research.security_history_v.name is 'As in securities.';
comment on column stocks_research.security_history_v.security_type is 'As in securities.';
comment on column stocks_research.security_history_v.cik is 'As in securities.';
comment on column stocks_research.security_history_v.share_class_figi is 'As in securities.';
comment on column stocks_research.security_history_v.is_of_later_interval is
  'True where name, security_type, cik and share_class_figi are those of a later interval.';
