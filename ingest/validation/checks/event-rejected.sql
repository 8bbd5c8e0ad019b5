-- claim: no corporate action of a security was rejected
-- severity: soft
-- job: corporate-actions
-- why: The prices before a rejected action are not adjusted, until the source delivers a valid record.
select s.source_id as subject, r.ex_date, r.kind, r.reason
from stocks_research.refused_events r
join stocks_research.securities s using (security_id)
