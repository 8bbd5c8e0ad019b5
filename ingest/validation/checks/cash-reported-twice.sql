-- claim: no payment is repeated within seven days, with an amount within 8%
-- severity: soft
-- job: corporate-actions
-- why: Sources report one payment twice: under two kinds, on two days, or before and after tax.
select
  s.source_id as subject,
  a.ex_date,
  b.ex_date as again_date,
  a.cash_amount,
  b.cash_amount as again_amount
from stocks_research.corporate_actions a
join stocks_research.corporate_actions b on b.security_id = a.security_id
  and b.ex_date >= a.ex_date
  and b.ex_date <= a.ex_date + 7
  and (b.ex_date, b.kind, b.action_key, b.occurrence) > (a.ex_date, a.kind, a.action_key, a.occurrence)
join stocks_research.securities s on s.security_id = a.security_id
where (stocks_research.is_cash_kind(a.kind) or a.kind = 'spin_off')
  and (stocks_research.is_cash_kind(b.kind) or b.kind = 'spin_off')
  and a.cash_amount > 0
  and abs(b.cash_amount / a.cash_amount - 1) <= 0.08
