-- Daily returns, with the delisting return in the last one.

create view stocks_research.returns_daily_v as
with bars as (
  -- A bar, the bar before, and the factors of both. Between two bars of one interval nothing happened.
  select p.security_id, p.trade_date, p.close,
    f.total_return_factor, f.split_numerator, f.split_denominator,
    f.first_date is distinct from lag(f.first_date) over before as is_after_event,
    lag(p.close) over before as close_before,
    lag(f.total_return_factor) over before as total_return_factor_before,
    lag(f.split_numerator) over before as split_numerator_before,
    lag(f.split_denominator) over before as split_denominator_before
  from stocks_research.prices_daily p
  left join stocks_research.adjustment_factors f
    on f.security_id = p.security_id
    and p.trade_date >= f.first_date
    and (p.trade_date <= f.last_date) is true
  window before as (partition by p.security_id order by p.trade_date)
), growths as (
  select b.security_id, b.trade_date,
    case
      when b.total_return_factor is null then null
      when b.is_after_event
        then b.close * b.total_return_factor / (b.close_before * b.total_return_factor_before)
      else b.close / b.close_before
    end as total_growth,
    case
      when b.split_numerator is null then null
      when b.is_after_event
        then b.close * b.split_numerator * b.split_denominator_before
          / (b.close_before * b.split_denominator * b.split_numerator_before)
      else b.close / b.close_before
    end as price_growth
  from bars b
)
select g.security_id, g.trade_date,
  round(g.total_growth * (1 + coalesce(d.delisting_return, 0)) - 1, 12) as return,
  round(g.price_growth * (1 + coalesce(d.delisting_return, 0)) - 1, 12) as return_without_dividends,
  d.delisting_return is not null as is_delisting_return
from growths g
left join stocks_research.delistings_v d
  on d.security_id = g.security_id
  and d.last_trade_date = g.trade_date
  and d.delisting_return is not null;
comment on view stocks_research.returns_daily_v is
  'Daily returns as CRSP defines them, from the bar before to this one. The last return of a delisted '
  'security is (1 + return) x (1 + delisting return) - 1. A security whose delisting return is not known '
  'ends with its last bar: see delistings_v. Trap: after a gap in the bars the return covers the gap.';
comment on column stocks_research.returns_daily_v.security_id is 'The security.';
comment on column stocks_research.returns_daily_v.trade_date is 'The session on which the return ends.';
comment on column stocks_research.returns_daily_v.return is
  'Total return, dividends reinvested at the close of the ex-date (definition B), 12 decimals: 0.01 is 1 %. '
  'Null on the first bar, and where an event cannot be applied (prices_daily_adjusted_v.adjustment_reason).';
comment on column stocks_research.returns_daily_v.return_without_dividends is
  'Change of the price, adjusted for splits and stock dividends only: a dividend or a spin-off lowers it. '
  'With the delisting return, as return.';
comment on column stocks_research.returns_daily_v.is_delisting_return is
  'True on the last bar of a security whose delisting return is known.';
