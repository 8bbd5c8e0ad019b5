-- claim: open and close are not swapped: moves overnight are smaller than over two sessions
-- severity: soft
-- job: prices-daily
-- why: From one close to the next open is one night; from an open to the close of the next session are two
--      sessions and that night, so the mean move is larger. Where it is smaller, the columns are swapped. At
--      least 60 bars are needed. Floats are used: nothing of this is stored.
with bars as (
  select
    p.security_id,
    p.open,
    p.close,
    lag(p.open) over w as before_open,
    lag(p.close) over w as before_close
  from (
    -- "offset 0", so that each price is turned into a float once.
    select x.security_id, x.trade_date, x.open::float8 as open, x.close::float8 as close
    from stocks_research.prices_daily x
    order by x.security_id, x.trade_date
    offset 0) p
  window w as (partition by p.security_id order by p.trade_date)
)
select
  s.source_id as subject,
  m.bars_count,
  round(m.night_move::numeric, 5) as night_move_ratio,
  round(m.span_move::numeric, 5) as span_move_ratio
from (
  select
    b.security_id,
    count(*) as bars_count,
    avg(abs(b.open / b.before_close - 1)) as night_move,
    avg(abs(b.close / b.before_open - 1)) as span_move
  from bars b
  where b.open is not null
    and b.before_open is not null
  group by b.security_id) m
join stocks_research.securities s using (security_id)
where m.bars_count >= 60
  and m.night_move > m.span_move
