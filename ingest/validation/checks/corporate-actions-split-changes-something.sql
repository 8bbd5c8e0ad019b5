-- claim: every split changes the number of shares
-- severity: soft
-- job: corporate-actions
-- why: A ratio of 1 is usually a default that the source fills in where it does not know the ratio.
select s.source_id as subject, a.ex_date, a.kind, a.split_from, a.split_to
from stocks_research.corporate_actions a
join stocks_research.securities s using (security_id)
where stocks_research.is_split_kind(a.kind)
  and a.split_from = a.split_to
