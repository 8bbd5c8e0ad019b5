-- The rows of factors of some securities, in order. $1 the securities.
select
  f.security_id::text,
  f.first_date,
  f.last_date,
  f.price_factor,
  f.total_return_factor,
  f.split_numerator,
  f.split_denominator
from stocks_research.adjustment_factors f
where f.security_id = any ($1::bigint[])
order by f.security_id, f.first_date
