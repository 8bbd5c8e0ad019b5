-- The corporate actions of the securities of the universe (:members). family: events that change adjusted
-- prices in one way; null for those that change none.
select s.source_id, a.ex_date, a.kind, a.action_key, a.occurrence,
  case
    when stocks_research.is_split_kind(a.kind) then 'split'
    when stocks_research.is_cash_kind(a.kind) then 'cash'
    when a.kind = 'spin_off' then 'spin-off'
  end as family
from stocks_research.corporate_actions a
join stocks_research.securities s using (security_id)
where s.source_id = any (:members)
