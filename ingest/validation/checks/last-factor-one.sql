-- claim: the last factor of every security is 1, or null with a reason
-- severity: hard
-- job: adjustment-factors
-- why: Prices are adjusted to the newest bar, whose adjusted price is the raw price.
select
  s.source_id as subject,
  f.last_date,
  f.price_factor,
  f.total_return_factor,
  f.split_numerator,
  f.split_denominator
from stocks_research.adjustment_factors f
join stocks_research.securities s using (security_id)
where not exists (
    select
    from stocks_research.adjustment_factors l
    where l.security_id = f.security_id and l.first_date > f.first_date)
  and f.reason is null
  and (f.price_factor, f.total_return_factor, f.split_numerator, f.split_denominator)
    is distinct from (1, 1, 1, 1)
