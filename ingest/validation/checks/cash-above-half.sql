-- claim: no payment is more than half of the price
-- severity: soft
-- job: corporate-actions
-- why: Such payments exist, at the end of a company; far more often a decimal point is wrong.
with events as (
  -- Corporate actions, each with the closes before and after it.
  select
    s.source_id,
    a.security_id,
    a.ex_date,
    a.kind,
    a.cash_amount,
    a.split_from,
    a.split_to,
    before.close as before_close,
    after.close as after_close
  from stocks_research.corporate_actions a
  join stocks_research.securities s using (security_id)
  join lateral (
    select p.close
    from stocks_research.prices_daily p
    where p.security_id = a.security_id
      and p.trade_date < a.ex_date
      and p.trade_date >= a.ex_date - 10
    order by p.trade_date desc
    limit 1) before on true
  join lateral (
    select p.close
    from stocks_research.prices_daily p
    where p.security_id = a.security_id
      and p.trade_date >= a.ex_date
      and p.trade_date <= a.ex_date + 10
    order by p.trade_date
    limit 1) after on true
)
select e.source_id as subject, e.ex_date, e.kind, e.cash_amount, e.before_close, e.after_close
from events e
where (stocks_research.is_cash_kind(e.kind) or e.kind = 'spin_off')
  and e.cash_amount > 0.5 * e.before_close
