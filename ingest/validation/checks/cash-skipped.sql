-- claim: no regular dividend is missing between others at regular intervals
-- severity: soft
-- job: corporate-actions
-- why: Three regular intervals, one of twice their length, then three regular ones: a source lost a payment.
--      Dividends that were cut do not return in this way.
with days as (
  select
    a.security_id,
    a.ex_date,
    a.ex_date - lag(a.ex_date) over (partition by a.security_id order by a.ex_date) as days
  from (
    select distinct c.security_id, c.ex_date
    from stocks_research.corporate_actions c
    where c.kind = 'cash_dividend' and c.cash_amount > 0) a
), around as (
  select
    d.*,
    lag(d.ex_date) over w as before_date,
    lag(d.days) over w as before_1,
    lag(d.days, 2) over w as before_2,
    lag(d.days, 3) over w as before_3,
    lead(d.days) over w as after_1,
    lead(d.days, 2) over w as after_2,
    lead(d.days, 3) over w as after_3
  from days d
  window w as (partition by d.security_id order by d.ex_date)
)
select
  s.source_id as subject,
  a.before_date,
  a.ex_date as next_date,
  a.days as days_count,
  round(r.usual, 0) as usual_days_count
from around a
join stocks_research.securities s using (security_id)
cross join lateral (
  select (a.before_1 + a.before_2 + a.before_3 + a.after_1 + a.after_2 + a.after_3) / 6.0 as usual) r
where least(a.before_1, a.before_2, a.before_3, a.after_1, a.after_2, a.after_3) > 0.8 * r.usual
  and greatest(a.before_1, a.before_2, a.before_3, a.after_1, a.after_2, a.after_3) < 1.2 * r.usual
  and a.days between 1.8 * r.usual and 2.2 * r.usual
