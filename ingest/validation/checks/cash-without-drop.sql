-- claim: a payment above 3.5% of the price lowers it by a fifth of the payment or more
-- severity: soft
-- job: corporate-actions
-- why: A payment that the price does not follow has a wrong amount or a wrong day, or was never paid. Smaller
--      payments disappear in the moves of a day.
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
select e.source_id as subject, e.ex_date, e.cash_amount, e.before_close, e.after_close
from events e
where (stocks_research.is_cash_kind(e.kind) or e.kind = 'spin_off')
  and e.cash_amount > 0.035 * e.before_close
  and e.before_close - e.after_close < 0.2 * e.cash_amount
  and not exists (
    select
    from events o
    where o.security_id = e.security_id
      and o.ex_date = e.ex_date
      and stocks_research.is_split_kind(o.kind))
