-- Adjusted prices, today and as of a past day.
--
-- `(… <= …) is true` keeps the planner from caching look-ups by day (Memoize): every day is another key, so
-- the cache only costs. The condition on first_date stays one that an index answers.
--
-- A quotient of numerics has as many decimals as its sides, so volumes are divided to 20 decimals and rounded
-- to 6 once.

create view stocks_research.prices_daily_adjusted_v as
select p.security_id, t.ticker, p.trade_date,
  p.open, p.high, p.low, p.close, p.volume,
  round(p.open * f.price_factor, 12) as adj_open,
  round(p.high * f.price_factor, 12) as adj_high,
  round(p.low * f.price_factor, 12) as adj_low,
  round(p.close * f.price_factor, 12) as adj_close,
  round(round(p.volume * f.split_denominator, 20) / f.split_numerator, 6) as adj_volume,
  round(p.close * f.total_return_factor, 12) as total_return_close,
  case when f.security_id is null then 'no factor computed for this day yet' else f.reason end
    as adjustment_reason
from stocks_research.prices_daily p
left join stocks_research.adjustment_factors f
  on f.security_id = p.security_id
  and p.trade_date >= f.first_date
  and (p.trade_date <= f.last_date) is true
left join stocks_research.ticker_history t
  on t.security_id = p.security_id
  and p.trade_date >= t.valid_from
  and (p.trade_date <= coalesce(t.valid_to, 'infinity')) is true;
comment on view stocks_research.prices_daily_adjusted_v is
  'Daily prices, raw and adjusted. adj_* is price-adjusted (A: cash 1 - D / C(prev), splits); '
  'total_return_close reinvests at the close of the ex-date (B). The two differ and must not be mixed. The '
  'last bar has factor 1.';
comment on column stocks_research.prices_daily_adjusted_v.security_id is 'The security that traded.';
comment on column stocks_research.prices_daily_adjusted_v.ticker is 'The ticker of the security on that day.';
comment on column stocks_research.prices_daily_adjusted_v.trade_date is
  'Exchange session, New York calendar day.';
comment on column stocks_research.prices_daily_adjusted_v.open is 'As in prices_daily.';
comment on column stocks_research.prices_daily_adjusted_v.high is 'As in prices_daily.';
comment on column stocks_research.prices_daily_adjusted_v.low is 'As in prices_daily.';
comment on column stocks_research.prices_daily_adjusted_v.close is 'As in prices_daily.';
comment on column stocks_research.prices_daily_adjusted_v.volume is 'As in prices_daily.';
comment on column stocks_research.prices_daily_adjusted_v.adj_open is
  'Open by definition A, rounded to 12 decimals; null with adjustment_reason when a later event cannot be '
  'applied.';
comment on column stocks_research.prices_daily_adjusted_v.adj_high is 'High by definition A, as adj_open.';
comment on column stocks_research.prices_daily_adjusted_v.adj_low is 'Low by definition A, as adj_open.';
comment on column stocks_research.prices_daily_adjusted_v.adj_close is 'Close by definition A, as adj_open.';
comment on column stocks_research.prices_daily_adjusted_v.adj_volume is
  'Volume in shares of the last bar: adjusted for splits and stock dividends only, never for cash; rounded '
  'to 6 decimals.';
comment on column stocks_research.prices_daily_adjusted_v.total_return_close is
  'Close by definition B, rounded to 12 decimals; null with adjustment_reason when a later event cannot be '
  'applied.';
comment on column stocks_research.prices_daily_adjusted_v.adjustment_reason is
  'Why an adjusted value is null: the first event that cannot be applied; null when all can be applied.';

create function stocks_research.prices_daily_adjusted_as_of(as_of date, security_ids bigint[] default null)
returns table (
  security_id bigint, ticker text, trade_date date,
  open numeric, high numeric, low numeric, close numeric, volume numeric,
  adj_open numeric, adj_high numeric, adj_low numeric, adj_close numeric, adj_volume numeric,
  total_return_close numeric, adjustment_reason text
)
language sql stable parallel safe
set search_path = pg_catalog
as $$
select p.security_id, t.ticker, p.trade_date,
  p.open, p.high, p.low, p.close, p.volume,
  round(p.open * f.price_factor, 12),
  round(p.high * f.price_factor, 12),
  round(p.low * f.price_factor, 12),
  round(p.close * f.price_factor, 12),
  round(round(p.volume * f.split_denominator, 20) / f.split_numerator, 6),
  round(p.close * f.total_return_factor, 12),
  f.reason
from stocks_research.adjustment_intervals(
  $1,
  case
    when $2 is not null then array(
      select s.source_id
      from stocks_research.securities s
      where s.security_id = any ($2)
    )
  end
) f
join stocks_research.prices_daily p
  on p.security_id = f.security_id
  and p.trade_date between f.first_date and f.last_date
left join stocks_research.ticker_history t
  on t.security_id = p.security_id
  and p.trade_date >= t.valid_from
  and (p.trade_date <= coalesce(t.valid_to, 'infinity')) is true
$$;
comment on function stocks_research.prices_daily_adjusted_as_of(date, bigint[]) is
  'prices_daily_adjusted_v as it would have been computed at the end of the day as_of: no later bar and no '
  'later event is used. Of all securities, or of these.';
