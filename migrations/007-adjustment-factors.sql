-- 007 · Adjustment of prices for dividends, splits and spin-offs.
--
-- Factors hold for intervals of days between events. Two definitions, by name:
--   A, price-adjusted (adj_*): cash 1 - D / C(prev), splits old/new, as Yahoo, LEAN and zipline;
--   B, total return (total_return_close): cash C(ex) / (C(ex) + D), splits as in A, as CRSP, Alpha Vantage,
--   Quandl and Tiingo.
-- C(prev) is the last raw close before the ex-date, C(ex) the raw close of the ex-date, D the sum of that
-- day's cash per OLD share.

create function stocks_research.multiply_exactly(numeric, numeric) returns numeric
language sql immutable parallel safe return $1 operator(pg_catalog.*) $2;
comment on function stocks_research.multiply_exactly(numeric, numeric) is 'A product that is null when a factor is null; step of stocks_research.product_exact.';

create function stocks_research.multiply_rounded(numeric, numeric) returns numeric
language sql immutable parallel safe return pg_catalog.round($1 operator(pg_catalog.*) $2, 60);
comment on function stocks_research.multiply_rounded(numeric, numeric) is 'A product kept to 60 decimals, null when a factor is null; step of stocks_research.product_rounded.';

create aggregate stocks_research.product_exact(numeric) (sfunc = stocks_research.multiply_exactly, stype = numeric, initcond = '1');
comment on aggregate stocks_research.product_exact(numeric) is 'Product of all values, every digit kept; null when one of them is null.';

create aggregate stocks_research.product_rounded(numeric) (sfunc = stocks_research.multiply_rounded, stype = numeric, initcond = '1');
comment on aggregate stocks_research.product_rounded(numeric) is 'Product of all values to 60 decimals, so that a hundred events do not make thousands of digits; null when one of them is null.';

create table stocks_research.adjustment_factors (
  security_id         bigint      not null references stocks_research.securities on delete restrict,
  first_date          date        not null,
  last_date           date        not null,
  price_factor        numeric     check (price_factor > 0),
  total_return_factor numeric     check (total_return_factor > 0),
  split_numerator     numeric     check (split_numerator > 0),
  split_denominator   numeric     check (split_denominator > 0),
  events              jsonb       not null,
  reason              text,
  primary key (security_id, first_date),
  constraint adjustment_factors_first_before_last check (first_date <= last_date),
  constraint adjustment_factors_null_has_reason check (
    (reason is not null) = (price_factor is null or total_return_factor is null or split_numerator is null or split_denominator is null)),
  constraint adjustment_factors_one_a_day exclude using gist (security_id with operator(pg_catalog.=), daterange(first_date, last_date, '[]') with &&)
);
comment on table stocks_research.adjustment_factors is 'What raw prices and volumes are multiplied with, for each security and interval of days between two events. Derived from prices_daily, corporate_actions and trading_sessions.';
comment on column stocks_research.adjustment_factors.security_id is 'The security.';
comment on column stocks_research.adjustment_factors.first_date is 'First day of the interval, inclusive: the first bar, or the session on which the events before it took effect.';
comment on column stocks_research.adjustment_factors.last_date is 'Last day of the interval, inclusive: the last bar, or the day before the next events took effect.';
comment on column stocks_research.adjustment_factors.price_factor is 'Definition A: product over all later ex-dates of (1 - D / C(prev)) x old / new shares. 60 decimals. Null when a later event cannot be applied.';
comment on column stocks_research.adjustment_factors.total_return_factor is 'Definition B: product over all later ex-dates of C(ex) / (C(ex) x new / old + D). 60 decimals. Null when a later event cannot be applied.';
comment on column stocks_research.adjustment_factors.split_numerator is 'Old shares of all later splits and stock dividends: with split_denominator an exact ratio in lowest terms. Split-adjusted price = raw x numerator / denominator; adjusted volume = raw x denominator / numerator.';
comment on column stocks_research.adjustment_factors.split_denominator is 'New shares of all later splits and stock dividends.';
comment on column stocks_research.adjustment_factors.events is 'The events at the end of the interval: with those of all later intervals they made its factors. [] for the last one.';
comment on column stocks_research.adjustment_factors.reason is 'The first later event that cannot be applied, and why; null when all of them are.';

-- The chain, as it would have been computed on a past day: bars and events up to as_of alone.
create function stocks_research.adjustment_intervals(as_of date, source_ids text[] default null)
returns table (
  security_id bigint, item text, first_date date, last_date date, price_factor numeric, total_return_factor numeric,
  split_numerator numeric, split_denominator numeric, events jsonb, reason text)
language sql stable parallel safe set search_path = pg_catalog set jit = off as $$
with spans as materialized (
  select s.security_id, s.source_id, s.currency, b.first_bar, b.last_bar,
    -- A listing ends with the delisting, or with the last ticker when no delisting is known.
    least(s.delist_date, (select max(coalesce(t.valid_to, 'infinity')) from stocks_research.ticker_history t where t.security_id = s.security_id)) as last_listed
  from stocks_research.securities s
  cross join lateral (
    select min(p.trade_date) as first_bar, max(p.trade_date) as last_bar
    from stocks_research.prices_daily p where p.security_id = s.security_id and p.trade_date <= $1) b
  where ($2 is null or s.source_id = any ($2)) and b.first_bar is not null
), actions as (
  select a.*, s.last_bar, s.currency as trading_currency, x.ex_session,
    a.kind in ('cash_dividend', 'special_dividend', 'return_of_capital', 'liquidation', 'spin_off') as is_cash
  from spans s
  join stocks_research.corporate_actions a using (security_id)
  -- An ex-date on a day without trading takes effect on the next session.
  cross join lateral (select min(c.session_date) as ex_session from stocks_research.trading_sessions c where c.session_date >= a.ex_date) x
  where a.kind in ('cash_dividend', 'special_dividend', 'return_of_capital', 'liquidation', 'spin_off', 'split', 'stock_dividend')
    and x.ex_session > s.first_bar and x.ex_session <= $1
    and x.ex_session <= coalesce(s.last_listed, 'infinity')
), days as materialized (
  select a.security_id, a.ex_session, a.ex_session > max(a.last_bar) as is_after_last_bar,
    coalesce(sum(a.cash_amount) filter (where a.is_cash), 0) as cash,
    stocks_research.product_exact(a.split_from) filter (where not a.is_cash) as split_from,
    stocks_research.product_exact(a.split_to) filter (where not a.is_cash) as split_to,
    bool_or(not a.is_cash) as has_split,
    case
      when bool_or(a.is_cash and a.cash_amount is null) then 'the value of the spin-off is not known'
      when bool_or(a.is_cash and a.currency <> a.trading_currency) then 'the cash is not in the currency of the prices'
    end as fault,
    jsonb_agg(jsonb_strip_nulls(jsonb_build_object('ex_date', a.ex_date, 'kind', a.kind, 'cash_amount', a.cash_amount, 'split_from', a.split_from,
      'split_to', a.split_to, 'occurrence', a.occurrence)) order by a.ex_date, a.kind, a.action_key, a.occurrence) as events
  from actions a
  group by a.security_id, a.ex_session
), located as (
  select d.*, before.trade_date as date_before, before.close as close_before, after.close as close_after,
    before.trade_date >= coalesce((select c.session_date from stocks_research.trading_sessions c where c.session_date < d.ex_session
                                   -- within 10 sessions
                                   order by c.session_date desc offset 9 limit 1), '-infinity') as is_near_before,
    after.trade_date <= coalesce((select c.session_date from stocks_research.trading_sessions c where c.session_date >= d.ex_session
                                  order by c.session_date offset 9 limit 1), 'infinity') as is_near_after
  from days d
  cross join lateral (
    select p.trade_date, p.close from stocks_research.prices_daily p
    where p.security_id = d.security_id and p.trade_date < d.ex_session order by p.trade_date desc limit 1) before
  cross join lateral (
    select p.trade_date, p.close from stocks_research.prices_daily p
    where p.security_id = d.security_id and p.trade_date >= d.ex_session and p.trade_date <= $1 order by p.trade_date limit 1) after
  where not d.is_after_last_bar
), in_old_shares as (
  -- Events between two bars make one step. Cash paid after a split between them is brought to the shares of
  -- the bar before.
  select l.*, l.cash * round(stocks_research.product_exact(coalesce(l.split_to, 1)) over earlier, 60)
    / stocks_research.product_exact(coalesce(l.split_from, 1)) over earlier as old_cash
  from located l
  window earlier as (partition by l.security_id, l.date_before order by l.ex_session rows between unbounded preceding and 1 preceding)
), closes as (
  select o.security_id, max(o.ex_session) as ex_session, o.close_before, o.close_after, sum(o.old_cash) as cash,
    stocks_research.product_exact(coalesce(o.split_from, 1)) as split_from, stocks_research.product_exact(coalesce(o.split_to, 1)) as split_to,
    jsonb_path_query_array(jsonb_agg(o.events order by o.ex_session), '$[*][*]') as events,
    min(o.ex_session || ': ' || coalesce(o.fault, case
      when o.cash > 0 and not o.is_near_before then 'no close within 10 sessions before the ex-date'
      when sum_of.cash >= o.close_before then 'the cash is not less than the close before the ex-date' end)) as price_fault,
    min(o.ex_session || ': no close within 10 sessions from the ex-date, so no total return') filter (where o.cash > 0 and not o.is_near_after) as total_return_fault
  from in_old_shares o
  join (select i.security_id, i.date_before, sum(i.old_cash) as cash from in_old_shares i group by i.security_id, i.date_before) sum_of
    using (security_id, date_before)
  group by o.security_id, o.date_before, o.close_before, o.close_after
), waiting as materialized (
  select d.security_id, min(d.ex_session) as ex_session, bool_or(d.has_split) as has_split from days d where d.is_after_last_bar group by d.security_id
), steps as (
  select c.security_id, c.ex_session, c.events, c.split_from, c.split_to,
    case when c.price_fault is not null then null
      when c.cash = 0 then round(c.split_from, 60) / c.split_to
      else round((c.close_before - c.cash) * c.split_from, 60) / (c.close_before * c.split_to) end as price_step,
    case when c.price_fault is not null or c.total_return_fault is not null then null
      when c.cash = 0 then round(c.split_from, 60) / c.split_to
      else round(c.close_after * c.split_from, 60) / (c.close_after * c.split_to + c.cash * c.split_from) end as total_return_step,
    coalesce(c.price_fault, c.total_return_fault) as reason
  from closes c
  union all
  -- The end of the chain: 1, or null when an event waits behind the last bar.
  select s.security_id, s.last_bar + 1, '[]'::jsonb,
    case when not coalesce(d.has_split, false) then 1 end, case when not coalesce(d.has_split, false) then 1 end,
    case when d.ex_session is null then 1 end, case when d.ex_session is null then 1 end,
    d.ex_session || ': no bar on or after the ex-date'
  from spans s
  left join waiting d using (security_id)
), chain as (
  select t.security_id, t.ex_session, t.events,
    stocks_research.product_rounded(t.price_step) over later as price_factor,
    stocks_research.product_rounded(t.total_return_step) over later as total_return_factor,
    stocks_research.product_exact(t.split_from) over later as split_from,
    stocks_research.product_exact(t.split_to) over later as split_to,
    min(t.reason) over later as reason,
    lag(t.ex_session) over (partition by t.security_id order by t.ex_session) as previous_session
  from steps t
  window later as (partition by t.security_id order by t.ex_session desc rows between unbounded preceding and current row)
)
select c.security_id, s.source_id, coalesce(c.previous_session, s.first_bar), c.ex_session - 1, c.price_factor, c.total_return_factor,
  trim_scale(c.split_from / gcd(c.split_from, c.split_to)), trim_scale(c.split_to / gcd(c.split_from, c.split_to)), c.events, c.reason
from chain c
join spans s using (security_id)
$$;
comment on function stocks_research.adjustment_intervals(date, text[]) is 'The rows of adjustment_factors as they would have been computed at the end of the day as_of, from the bars and events up to it; of all securities, or of those named by source_id (column item). Refuses an event rather than taking its factor for 1.';

create view stocks_research.prices_daily_adjusted_v as
select p.security_id, t.ticker, p.trade_date, p.open, p.high, p.low, p.close, p.volume,
  round(p.open * f.price_factor, 12) as adj_open,
  round(p.high * f.price_factor, 12) as adj_high,
  round(p.low * f.price_factor, 12) as adj_low,
  round(p.close * f.price_factor, 12) as adj_close,
  round(p.volume * f.split_denominator / f.split_numerator, 6) as adj_volume,
  round(p.close * f.total_return_factor, 12) as total_return_close,
  case when f.security_id is null then 'no factor computed for this day yet' else f.reason end as adjustment_reason
from stocks_research.prices_daily p
left join stocks_research.adjustment_factors f on f.security_id = p.security_id and p.trade_date between f.first_date and f.last_date
left join stocks_research.ticker_history t on t.security_id = p.security_id and p.trade_date >= t.valid_from and p.trade_date <= coalesce(t.valid_to, 'infinity');
comment on view stocks_research.prices_daily_adjusted_v is 'Daily prices, raw and adjusted. adj_* is price-adjusted (A: cash 1 - D / C(prev), splits), total_return_close reinvests at the ex-date close (B); the two differ and must not be mixed. The last bar has factor 1.';
comment on column stocks_research.prices_daily_adjusted_v.security_id is 'The security that traded.';
comment on column stocks_research.prices_daily_adjusted_v.ticker is 'The ticker that it had on that day.';
comment on column stocks_research.prices_daily_adjusted_v.trade_date is 'Exchange session, New York calendar day.';
comment on column stocks_research.prices_daily_adjusted_v.open is 'As in prices_daily.';
comment on column stocks_research.prices_daily_adjusted_v.high is 'As in prices_daily.';
comment on column stocks_research.prices_daily_adjusted_v.low is 'As in prices_daily.';
comment on column stocks_research.prices_daily_adjusted_v.close is 'As in prices_daily.';
comment on column stocks_research.prices_daily_adjusted_v.volume is 'As in prices_daily.';
comment on column stocks_research.prices_daily_adjusted_v.adj_open is 'Open by definition A, rounded to 12 decimals; null with adjustment_reason when a later event cannot be applied.';
comment on column stocks_research.prices_daily_adjusted_v.adj_high is 'High by definition A, likewise.';
comment on column stocks_research.prices_daily_adjusted_v.adj_low is 'Low by definition A, likewise.';
comment on column stocks_research.prices_daily_adjusted_v.adj_close is 'Close by definition A, likewise.';
comment on column stocks_research.prices_daily_adjusted_v.adj_volume is 'Volume in shares of the last bar: adjusted for splits and stock dividends only, never for cash; rounded to 6 decimals.';
comment on column stocks_research.prices_daily_adjusted_v.total_return_close is 'Close by definition B, rounded to 12 decimals; null with adjustment_reason when a later event cannot be applied.';
comment on column stocks_research.prices_daily_adjusted_v.adjustment_reason is 'Why an adjusted value is null: the first event that cannot be applied; null when all of them are.';

create function stocks_research.prices_daily_adjusted_as_of(as_of date, security_ids bigint[] default null)
returns table (
  security_id bigint, ticker text, trade_date date, open numeric, high numeric, low numeric, close numeric, volume numeric,
  adj_open numeric, adj_high numeric, adj_low numeric, adj_close numeric, adj_volume numeric, total_return_close numeric, adjustment_reason text)
language sql stable parallel safe set search_path = pg_catalog as $$
select p.security_id, t.ticker, p.trade_date, p.open, p.high, p.low, p.close, p.volume,
  round(p.open * f.price_factor, 12), round(p.high * f.price_factor, 12), round(p.low * f.price_factor, 12), round(p.close * f.price_factor, 12),
  round(p.volume * f.split_denominator / f.split_numerator, 6), round(p.close * f.total_return_factor, 12), f.reason
from stocks_research.adjustment_intervals($1,
  case when $2 is not null then array(select s.source_id from stocks_research.securities s where s.security_id = any ($2)) end) f
join stocks_research.prices_daily p on p.security_id = f.security_id and p.trade_date between f.first_date and f.last_date
left join stocks_research.ticker_history t on t.security_id = p.security_id and p.trade_date >= t.valid_from and p.trade_date <= coalesce(t.valid_to, 'infinity')
$$;
comment on function stocks_research.prices_daily_adjusted_as_of(date, bigint[]) is 'prices_daily_adjusted_v as it would have been computed at the end of the day as_of: no later bar and no later event is used. Of all securities, or of those given.';

select ingestion.watch_table('stocks_research.adjustment_factors');
