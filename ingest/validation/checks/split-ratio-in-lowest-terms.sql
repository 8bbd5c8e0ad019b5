-- claim: every split ratio is a ratio of whole numbers in lowest terms
-- severity: hard
-- job: adjustment-factors
-- why: Equal ratios are then equal rows, and the volume is divided once, exactly.
select s.source_id as subject, f.first_date, f.split_numerator, f.split_denominator
from stocks_research.adjustment_factors f
join stocks_research.securities s using (security_id)
where gcd(f.split_numerator, f.split_denominator) <> 1
  or f.split_numerator <> trunc(f.split_numerator)
  or f.split_denominator <> trunc(f.split_denominator)
