-- claim: no payment is about 100 times, or 1/100 of, the usual payment of the security
-- severity: soft
-- job: corporate-actions
-- why: Cents for dollars, or pence for pounds. Usual is the median of the other payments within 550 days, of
--      which there must be three.
with paid as (
  select a.security_id, a.ex_date, a.kind, a.cash_amount
  from stocks_research.corporate_actions a
  where (stocks_research.is_cash_kind(a.kind) or a.kind = 'spin_off')
    and a.cash_amount > 0
)
select s.source_id as subject, a.ex_date, a.kind, a.cash_amount, u.usual as usual_amount
from paid a
join stocks_research.securities s using (security_id)
cross join lateral (
  -- From the table, whose key finds them: a look-up in "paid" would compare each payment with each.
  select percentile_disc(0.5) within group (order by o.cash_amount) as usual
  from stocks_research.corporate_actions o
  where o.security_id = a.security_id
    and o.ex_date between a.ex_date - 550 and a.ex_date + 550
    and o.ex_date <> a.ex_date
    and (stocks_research.is_cash_kind(o.kind) or o.kind = 'spin_off')
    and o.cash_amount > 0
  having count(*) >= 3) u
where abs(ln(a.cash_amount / u.usual)) between ln(100 / 1.5) and ln(100 * 1.5)
