-- The monthly table that studies of the cross-section begin with.

create function stocks_research.returns_monthly(
  first_date date, last_date date, security_ids bigint[] default null
)
returns table (
  month date, security_id bigint, ticker text, exchange_mic text, security_type text,
  trade_date date, close numeric,
  return numeric, is_delisting_return boolean,
  market_cap numeric, market_cap_before numeric, filer_market_cap numeric, market_cap_reason text
)
language sql stable parallel safe
rows 100000
as $$
with months as (
  -- A month, from the one before the first, with its last session up to last_date.
  select date_trunc('month', c.session_date)::date as month, max(c.session_date) as month_end
  from stocks_research.trading_sessions c
  where c.session_date >= (date_trunc('month', $1) - interval '1 month')::date
    and c.session_date <= $2
  group by 1
), last_bars as (
  -- The last bar of a security in a month, with its factor.
  select m.month, s.security_id, s.exchange_mic, s.security_type, p.trade_date, p.close,
    f.first_date, f.total_return_factor
  from months m
  cross join stocks_research.securities s
  cross join lateral (
    select b.trade_date, b.close
    from stocks_research.prices_daily b
    where b.security_id = s.security_id
      and b.trade_date >= m.month
      and b.trade_date <= m.month_end
    order by b.trade_date desc
    limit 1
  ) p
  left join stocks_research.adjustment_factors f
    on f.security_id = s.security_id
    and p.trade_date >= f.first_date
    and (p.trade_date <= f.last_date) is true
  where $3 is null
    or s.security_id = any ($3)
), changes as (
  -- Beside it the bar of the month before, where there is one.
  select b.*,
    lag(b.month) over before = (b.month - interval '1 month')::date as is_next_month,
    lag(b.close) over before as close_before,
    lag(b.first_date) over before as first_date_before,
    lag(b.total_return_factor) over before as total_return_factor_before
  from last_bars b
  window before as (partition by b.security_id order by b.month)
), growths as (
  select c.*,
    case
      when c.is_next_month is not true or c.total_return_factor is null then null
      when c.first_date = c.first_date_before then c.close / c.close_before
      else c.close * c.total_return_factor / (c.close_before * c.total_return_factor_before)
    end as growth
  from changes c
), ends as materialized (
  select d.security_id, d.last_trade_date, d.delisting_return
  from stocks_research.delistings_v d
  where d.delisting_return is not null
    and ($3 is null or d.security_id = any ($3))
), capitalisations as materialized (
  select date_trunc('month', c.as_of)::date as month, c.security_id,
    c.market_cap, c.filer_market_cap, c.reason
  from stocks_research.market_cap_panel(
    array(select m.month_end from months m),
    case
      when $3 is not null then array(
        select distinct s.cik
        from stocks_research.securities s
        where s.security_id = any ($3)
          and s.cik is not null
      )
    end
  ) c
)
select g.month, g.security_id, t.ticker, coalesce(t.exchange_mic, g.exchange_mic), g.security_type,
  g.trade_date, g.close,
  round(g.growth * (1 + coalesce(e.delisting_return, 0)) - 1, 12),
  e.security_id is not null,
  c.market_cap, b.market_cap, c.filer_market_cap, c.reason
from growths g
left join ends e
  on e.security_id = g.security_id
  and e.last_trade_date = g.trade_date
left join capitalisations c on c.security_id = g.security_id and c.month = g.month
left join capitalisations b
  on b.security_id = g.security_id
  and b.month = (g.month - interval '1 month')::date
left join stocks_research.ticker_history t
  on t.security_id = g.security_id
  and g.trade_date >= t.valid_from
  and (g.trade_date <= coalesce(t.valid_to, 'infinity')) is true
where g.month >= date_trunc('month', $1)
$$;
comment on function stocks_research.returns_monthly(date, date, bigint[]) is
  'One row for each security and month with a bar, for the months from first_date to last_date. return: '
  'total return from the last bar of the month before to the last one of the month, with the delisting '
  'return when the listing ended (is_delisting_return), 12 decimals; null in the first month, after a month '
  'without a bar, and where an event cannot be applied. market_cap: at the end of the month; '
  'market_cap_before: a month earlier, the weight of a portfolio; both as known then, in the terms of '
  'market_cap_panel. Ticker and exchange are of the last bar, security_type is today''s. Trap: weights of '
  'the same month look ahead; a listing whose delisting return is not known ends with its last bar '
  '(delistings_v).';
