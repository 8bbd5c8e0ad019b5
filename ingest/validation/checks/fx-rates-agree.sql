-- claim: exchange rates of one day agree with their reverse and over a third currency, to 3 %
-- severity: soft
-- job: corporate-actions
-- why: A rate that was stated in the wrong direction, or in hundredths, contradicts the others by far more
--      than two hours of a day between two sources do.
with legs as (
  -- Both directions of every rate, one unit of base in units of quote.
  select r.rate_date, r.source, r.from_currency as base, r.to_currency as quote, r.rate
  from stocks_research.fx_rates r
  union all
  select r.rate_date, r.source, r.to_currency, r.from_currency, 1 / r.rate
  from stocks_research.fx_rates r
), implied as (
  -- What other rates of the day say of a stated pair.
  select l.rate_date, l.base, l.quote, l.rate, l.source as by_source
  from legs l
  union all
  select a.rate_date, a.base, b.quote, a.rate * b.rate, a.source
  from legs a
  join legs b on b.rate_date = a.rate_date and b.source = a.source and b.base = a.quote
  where a.base <> b.quote
)
select
  r.from_currency || ' to ' || r.to_currency as subject,
  r.rate_date,
  r.source,
  r.rate,
  i.by_source,
  round(i.rate, 12) as implied_rate
from stocks_research.fx_rates r
join implied i
  on i.rate_date = r.rate_date
  and i.base = r.from_currency
  and i.quote = r.to_currency
where abs(i.rate / r.rate - 1) > 0.03
