-- What most studies need: prices through renames, returns between two days, split ratios, panels, and
-- sessions by number. The functions have no settings of their own, so that PostgreSQL plans them inside the
-- calling query and answers from the keys.

create function stocks_research.prices_of(security text, first_date date, last_date date)
returns setof stocks_research.prices_daily_adjusted_v
language sql stable parallel safe
as $$
select v.*
from stocks_research.prices_daily_adjusted_v v
where v.security_id = coalesce(
    (
      select s.security_id
      from stocks_research.securities s
      where s.source_id = $1
    ),
    (
      select h.security_id
      from stocks_research.ticker_history h
      where stocks_research.ticker_key(h.ticker) = stocks_research.ticker_key($1)
        and h.valid_from <= $3
      order by h.valid_from desc, h.ticker = $1 desc
      limit 1
    ),
    case when $1 ~ '^[0-9]{1,18}$' then $1::bigint end
  )
  and v.trade_date between $2 and $3
$$;
comment on function stocks_research.prices_of(text, date, date) is
  'Daily prices of a security from first_date to last_date, raw and adjusted as of today, through its '
  'changes of name. The security is a source_id, a ticker in any notation (the last security that had it '
  'up to last_date, with all of its history), or a security_id. Trap: `where ticker = …` in '
  'prices_daily_adjusted_v loses the years before a change of name, and mixes companies that had one ticker.';

create function stocks_research.total_return(
  security_id bigint, first_date date, last_date date, with_delisting boolean default true
) returns numeric
language sql stable parallel safe
as $$
select round(
  z.close * z.total_return_factor / (a.close * a.total_return_factor)
    * case when d.security_id is null then 1 else 1 + d.delisting_return end - 1,
  12
)
from (
  -- The close at which it is bought: at most ten sessions before first_date.
  select p.close, f.total_return_factor
  from stocks_research.prices_daily p
  join stocks_research.adjustment_factors f
    on f.security_id = p.security_id
    and p.trade_date >= f.first_date
    and (p.trade_date <= f.last_date) is true
  where p.security_id = $1
    and p.trade_date <= $2
    and p.trade_date >= (
      select c.session_date
      from stocks_research.trading_sessions c
      where c.session_date <= $2
      order by c.session_date desc
      offset 9 limit 1
    )
  order by p.trade_date desc
  limit 1
) a
cross join (
  -- The close at which it is sold: the last one up to last_date.
  select p.trade_date, p.close, f.total_return_factor
  from stocks_research.prices_daily p
  join stocks_research.adjustment_factors f
    on f.security_id = p.security_id
    and p.trade_date >= f.first_date
    and (p.trade_date <= f.last_date) is true
  where p.security_id = $1
    and p.trade_date <= $3
  order by p.trade_date desc
  limit 1
) z
left join stocks_research.delistings_v d
  on $4
  and d.security_id = $1
  and d.last_trade_date = z.trade_date
  and d.last_trade_date < $3
where $2 <= $3
$$;
comment on function stocks_research.total_return(bigint, date, date, boolean) is
  'Total return from the close of first_date to that of last_date, dividends reinvested: 0.05 is 5 %. After '
  'the last bar of a delisted security the delisting return is in it, and the result is null where that is '
  'not known: nobody then knows what holders had. with_delisting = false stops at the last bar. Null without '
  'a close within ten sessions up to first_date. Trap: leaving out the nulls is survivorship bias.';

create function stocks_research.split_ratio(security_id bigint, first_date date, last_date date)
returns numeric
language sql stable parallel safe
as $$
select case
  when count(*) = 0 then 1
  else trim_scale(
    round(stocks_research.product_exact(a.split_to), 60) / stocks_research.product_exact(a.split_from)
  )
end
from stocks_research.corporate_actions a
where a.security_id = $1
  and stocks_research.is_split_kind(a.kind)
  and a.ex_date > $2
  and a.ex_date <= $3
$$;
comment on function stocks_research.split_ratio(bigint, date, date) is
  'Shares on last_date for one share of first_date, from splits and stock dividends with an ex-date after '
  'first_date and up to last_date: 4 after a split of 1 to 4, 1 without one. Exact; a quotient that does not '
  'end has 60 decimals. A price of first_date in shares of last_date is price / split_ratio.';

create function stocks_research.session_shift(day date, sessions integer) returns date
language sql stable parallel safe
as $$
select case
  when $2 >= 0 then (
    select c.session_date
    from stocks_research.trading_sessions c
    where c.session_date >= $1
    order by c.session_date
    offset greatest($2, 0) limit 1
  )
  else (
    select c.session_date
    from stocks_research.trading_sessions c
    where c.session_date < $1
    order by c.session_date desc
    offset greatest(-$2 - 1, 0) limit 1
  )
end
$$;
comment on function stocks_research.session_shift(date, integer) is
  'The session so many sessions after a day (negative: before it). 0 is the day itself, or the next session '
  'when the exchange was closed. Null outside the calendar.';

create view stocks_research.sessions_numbered_v as
select c.session_date, row_number() over (order by c.session_date) as session_number
from stocks_research.trading_sessions c;
comment on view stocks_research.sessions_numbered_v is
  'Sessions with a running number, from 1 for the first one of the calendar: differences of numbers count '
  'sessions. The numbers stay the same when the calendar grows.';
comment on column stocks_research.sessions_numbered_v.session_date is 'As in trading_sessions.';
comment on column stocks_research.sessions_numbered_v.session_number is
  'Number of sessions up to this one, itself included.';

create function stocks_research.month_ends(
  first_date date, last_date date, days_before integer default 0
) returns date[]
language sql stable parallel safe
as $$
select coalesce(array_agg(m.month_end - $3 order by m.month_end), '{}')
from (
  select max(c.session_date) as month_end
  from stocks_research.trading_sessions c
  where c.session_date >= date_trunc('month', $1)::date
    and c.session_date < (date_trunc('month', $2) + interval '1 month')::date
  group by date_trunc('month', c.session_date)
) m
where m.month_end between $1 and $2
$$;
comment on function stocks_research.month_ends(date, date, integer) is
  'The last sessions of the months between two days, in order, for the panels; with days_before so many days '
  'before each: the filings of 1 day before were known at the close of the month. Trap: the last calendar '
  'day of a month is often no session, and a month that has not ended by last_date is not in it.';

create function stocks_research.prices_panel(days date[], security_ids bigint[] default null)
returns table (
  day date, security_id bigint, ticker text, trade_date date,
  close numeric, volume numeric, adj_close numeric, total_return_close numeric
)
language sql stable parallel safe
rows 100000
as $$
select d.day, s.security_id, t.ticker, p.trade_date,
  p.close, p.volume,
  round(p.close * f.price_factor, 12),
  round(p.close * f.total_return_factor, 12)
from (
  -- Each day, with the tenth session before it.
  select u.day, (
    select c.session_date
    from stocks_research.trading_sessions c
    where c.session_date <= u.day
    order by c.session_date desc
    offset 9 limit 1
  ) as oldest_date
  from unnest($1) u (day)
) d
cross join stocks_research.securities s
cross join lateral (
  select q.trade_date, q.close, q.volume
  from stocks_research.prices_daily q
  where q.security_id = s.security_id
    and q.trade_date <= d.day
    and q.trade_date >= d.oldest_date
  order by q.trade_date desc
  limit 1
) p
left join stocks_research.adjustment_factors f
  on f.security_id = s.security_id
  and p.trade_date >= f.first_date
  and (p.trade_date <= f.last_date) is true
left join stocks_research.ticker_history t
  on t.security_id = s.security_id
  and p.trade_date >= t.valid_from
  and (p.trade_date <= coalesce(t.valid_to, 'infinity')) is true
where $2 is null
  or s.security_id = any ($2)
$$;
comment on function stocks_research.prices_panel(date[], bigint[]) is
  'For each day and security the last bar within ten sessions up to the day, raw and adjusted as of today: '
  'one call for all month ends. Securities without such a bar are not in it; delisted ones are, as long as '
  'they traded. Closes are those of the day; the adjusted columns change with later events, and only their '
  'ratio between two days is a return.';
