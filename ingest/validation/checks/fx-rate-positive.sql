-- claim: every exchange rate is a number above zero
-- severity: hard
-- job: corporate-actions
-- why: PostgreSQL's numeric type also holds NaN and infinity, and both pass the comparison of a constraint.
select r.from_currency || ' to ' || r.to_currency as subject, r.rate_date, r.source, r.rate
from stocks_research.fx_rates r
where not (r.rate > 0 and r.rate < 'Infinity')
