-- 046 · Adjusted volumes are rounded once.
--
-- A quotient of numerics has as many decimals as its sides: with integers of ten digits it came with seven,
-- and was rounded again to six.

create or replace view stocks_research.prices_daily_adjusted_v as
select p.security_id, t.ticker, p.trade_date, p.open, p.high, p.low, p.close, p.volume,
  round(p.open * f.price_factor, 12) as adj_open,
  round(p.high * f.price_factor, 12) as adj_high,
  round(p.low * f.price_factor, 12) as adj_low,
  round(p.close * f.price_factor, 12) as adj_close,
  round(round(p.volume * f.split_denominator, 20) / f.split_numerator, 6) as adj_volume,
  round(p.close * f.total_return_factor, 12) as total_return_close,
  case when f.security_id is null then 'no factor computed for this day yet' else f.reason end as adjustment_reason
from stocks_research.prices_daily p
left join stocks_research.adjustment_factors f on f.security_id = p.security_id and p.trade_date between f.first_date and f.last_date
left join stocks_research.ticker_history t on t.security_id = p.security_id and p.trade_date >= t.valid_from and p.trade_date <= coalesce(t.valid_to, 'infinity');

create or replace function stocks_research.prices_daily_adjusted_as_of(as_of date, security_ids bigint[] default null)
returns table (
  security_id bigint, ticker text, trade_date date, open numeric, high numeric, low numeric, close numeric, volume numeric,
  adj_open numeric, adj_high numeric, adj_low numeric, adj_close numeric, adj_volume numeric, total_return_close numeric, adjustment_reason text)
language sql stable parallel safe set search_path = pg_catalog as $$
select p.security_id, t.ticker, p.trade_date, p.open, p.high, p.low, p.close, p.volume,
  round(p.open * f.price_factor, 12), round(p.high * f.price_factor, 12), round(p.low * f.price_factor, 12), round(p.close * f.price_factor, 12),
  round(round(p.volume * f.split_denominator, 20) / f.split_numerator, 6), round(p.close * f.total_return_factor, 12), f.reason
from stocks_research.adjustment_intervals($1,
  case when $2 is not null then array(select s.source_id from stocks_research.securities s where s.security_id = any ($2)) end) f
join stocks_research.prices_daily p on p.security_id = f.security_id and p.trade_date between f.first_date and f.last_date
left join stocks_research.ticker_history t on t.security_id = p.security_id and p.trade_date >= t.valid_from and p.trade_date <= coalesce(t.valid_to, 'infinity')
$$;
