-- claim: every declared split moves the price by at least half of its ratio
-- severity: soft
-- job: corporate-actions
-- why: A split that the price does not follow has a wrong ratio or day, or was already applied to the prices.
--      The move is compared by logarithm; ratios below 1.16 disappear in the moves of a day.
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
select e.source_id as subject, e.ex_date, e.split_from, e.split_to, e.before_close, e.after_close
from events e
where (stocks_research.is_split_kind(e.kind) or e.cash_amount is null)
  and abs(ln(e.split_to / e.split_from)) > 0.15
  and abs(ln(e.after_close / e.before_close)) < 0.5 * abs(ln(e.split_to / e.split_from))
