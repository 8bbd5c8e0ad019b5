-- Adjustment of prices for dividends, splits and spin-offs: the factors.
--
-- Factors hold for intervals of days between events. Two definitions, by name:
--   A, price-adjusted (adj_*): cash 1 - D / C(prev), splits old/new, as Yahoo, LEAN and zipline;
--   B, total return (total_return_close): cash C(ex) / (C(ex) + D), splits as in A, as CRSP, Alpha Vantage,
--   Quandl and Tiingo.
-- C(prev) is the last raw close before the ex-date, C(ex) the raw close of the ex-date, D the sum of that
-- day's cash per OLD share.
--
-- A spin-off moves the price and never the number of shares. It is worth the stated cash value per share; or
-- the stated ratio of prices (1 to 1.046, as some vendors print it among splits), which is 1 + value /
-- P(ex-date), the price factor of CRSP; or so many shares of a security of this database, at its own first
-- close.

create function stocks_research.multiply_exactly(numeric, numeric) returns numeric
language sql immutable parallel safe
return $1 operator(pg_catalog.*) $2;
comment on function stocks_research.multiply_exactly(numeric, numeric) is
  'A product that is null when a factor is null; step of stocks_research.product_exact.';

create function stocks_research.multiply_rounded(numeric, numeric) returns numeric
language sql immutable parallel safe
return pg_catalog.round($1 operator(pg_catalog.*) $2, 60);
comment on function stocks_research.multiply_rounded(numeric, numeric) is
  'A product kept to 60 decimals, null when a factor is null; step of stocks_research.product_rounded.';

create aggregate stocks_research.product_exact(numeric) (
  sfunc = stocks_research.multiply_exactly,
  stype = numeric,
  initcond = '1'
);
comment on aggregate stocks_research.product_exact(numeric) is
  'Product of all values with every digit; null when one of them is null.';

create aggregate stocks_research.product_rounded(numeric) (
  sfunc = stocks_research.multiply_rounded,
  stype = numeric,
  initcond = '1'
);
comment on aggregate stocks_research.product_rounded(numeric) is
  'Product of all values to 60 decimals, so that a hundred events do not give thousands of digits; null '
  'when one of them is null.';

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
    (reason is not null) = (
      price_factor is null or total_return_factor is null
      or split_numerator is null or split_denominator is null
    )
  ),
  constraint adjustment_factors_one_a_day exclude using gist (
    security_id with operator(pg_catalog.=),
    daterange(first_date, last_date, '[]') with &&
  )
);
comment on table stocks_research.adjustment_factors is
  'What raw prices and volumes are multiplied with, for each security and each interval of days between two '
  'events. Derived from prices_daily, corporate_actions, refused_events, fx_rates and trading_sessions.';
comment on column stocks_research.adjustment_factors.security_id is 'The security.';
comment on column stocks_research.adjustment_factors.first_date is
  'First day of the interval, inclusive: the first bar, or the session on which the events before it took '
  'effect.';
comment on column stocks_research.adjustment_factors.last_date is
  'Last day of the interval, inclusive: the last bar, or the day before the next events took effect.';
comment on column stocks_research.adjustment_factors.price_factor is
  'Definition A: product over all later ex-dates of (1 - D / C(prev)) x old / new shares. 60 decimals. Null '
  'when a later event cannot be applied.';
comment on column stocks_research.adjustment_factors.total_return_factor is
  'Definition B: product over all later ex-dates of C(ex) / (C(ex) x new / old + D). 60 decimals. Null when '
  'a later event cannot be applied.';
comment on column stocks_research.adjustment_factors.split_numerator is
  'Old shares of all later splits and stock dividends: with split_denominator an exact ratio in lowest '
  'terms. Split-adjusted price = raw x numerator / denominator; adjusted volume = raw x denominator / '
  'numerator.';
comment on column stocks_research.adjustment_factors.split_denominator is
  'New shares of all later splits and stock dividends.';
comment on column stocks_research.adjustment_factors.events is
  'The events at the end of the interval, [] for the last one: with those of all later intervals they '
  'determine its factors. value_source says where the value of a spin-off comes from; fx_rates names the '
  'rate and the day by which a cash_amount in another currency (currency) was converted; refused says that '
  'the event is one of refused_events.';
comment on column stocks_research.adjustment_factors.reason is
  'The first later event that cannot be applied, and why; null when all can be applied.';

select ingestion.watch_table('stocks_research.adjustment_factors');
select ingestion.version_table('stocks_research.adjustment_factors', 'security_id');

create function stocks_research.spun_off_first_close(
  parent_id bigint, ex_session date, detail jsonb, as_of date
)
returns table (security_id bigint, source_id text, trade_date date, close numeric, currency text)
language sql stable parallel safe
set search_path = pg_catalog
as $$
select s.security_id, s.source_id, p.trade_date, p.close, s.currency
from (
  select c.session_date
  from stocks_research.trading_sessions c
  where c.session_date >= $2
    and c.session_date <= $4
  order by c.session_date
  limit 10
) d
cross join lateral (
  select x.security_id
  from stocks_research.securities x
  where x.source_id = $3 ->> 'new_source_id'
  union all
  select t.security_id
  from stocks_research.ticker_history t
  where $3 ->> 'new_source_id' is null
    and t.ticker = $3 ->> 'new_symbol'
    and d.session_date >= t.valid_from
    and d.session_date <= coalesce(t.valid_to, 'infinity')
) h
join stocks_research.securities s on s.security_id = h.security_id
join stocks_research.prices_daily p on p.security_id = s.security_id and p.trade_date = d.session_date
where s.security_id <> $1
  and case
    when $3 ->> 'new_rate' ~ '^\d{1,20}(\.\d{1,20})?$' and $3 ->> 'source_rate' ~ '^\d{1,20}(\.\d{1,20})?$'
      then ($3 ->> 'new_rate')::numeric > 0 and ($3 ->> 'source_rate')::numeric > 0
  end
order by p.trade_date
limit 1
$$;
comment on function stocks_research.spun_off_first_close(bigint, date, jsonb, date) is
  'The first close, within ten sessions from the ex-date and not after as_of, of the security that a '
  'spin-off distributed: detail names it by new_source_id or by new_symbol on that day, and states new_rate '
  'shares of it for source_rate old ones. No row when one of these is not known.';

create function stocks_research.spun_off_securities(parent_id text) returns setof text
language sql stable parallel safe
set search_path = pg_catalog
as $$
select s.security_id::text
from stocks_research.corporate_actions a
join stocks_research.securities s
  on s.source_id = a.detail ->> 'new_source_id'
  or s.security_id in (
    select t.security_id
    from stocks_research.ticker_history t
    where t.ticker = a.detail ->> 'new_symbol'
  )
where a.security_id = $1::bigint
  and a.kind = 'spin_off'
  and a.cash_amount is null
  and a.split_to is null
  and s.security_id <> a.security_id
$$;
comment on function stocks_research.spun_off_securities(text) is
  'The securities whose bars may value a spin-off of this one: when they change, its factors are derived '
  'again.';
