-- claim: every corporate action inside a series can be applied
-- severity: soft
-- job: adjustment-factors
-- why: The adjusted values before it are null, with this reason.
select
  s.source_id as subject,
  f.reason,
  min(f.first_date) as first_date,
  max(f.last_date) as last_date
from stocks_research.adjustment_factors f
join stocks_research.securities s using (security_id)
where f.reason is not null
group by s.source_id, f.reason
