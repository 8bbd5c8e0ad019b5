-- claim: no split is followed within seven days by one of the same ratio
-- severity: soft
-- job: corporate-actions
-- why: Sources report one split on two days: the day of the announcement or of payment, and the ex-date.
select s.source_id as subject, a.ex_date, b.ex_date as again_date, a.split_from, a.split_to
from stocks_research.corporate_actions a
join stocks_research.corporate_actions b on b.security_id = a.security_id
  and b.ex_date > a.ex_date
  and b.ex_date <= a.ex_date + 7
join stocks_research.securities s on s.security_id = a.security_id
where stocks_research.is_split_kind(a.kind)
  and stocks_research.is_split_kind(b.kind)
  and a.split_to * b.split_from = b.split_to * a.split_from
