-- claim: dividends follow the share basis of the raw prices over a small split
-- severity: soft
-- job: corporate-actions
-- why: As dividends-on-raw-shares, for splits between 5 : 4 and 5 : 2, over which some companies keep their
--      payment per share.
with splits as (
  select a.security_id, a.ex_date, a.split_to / a.split_from as shares_ratio
  from stocks_research.corporate_actions a
  where a.kind in ('split', 'stock_dividend')
    and abs(ln(a.split_to / a.split_from)) >= ln(1.24)
    and abs(ln(a.split_to / a.split_from)) < ln(2.45)
), payments as (
  -- The usual payment before and after each split.
  select
    p.*,
    before.amount as before_amount,
    before.payments_count as before_count,
    after.amount as after_amount,
    after.payments_count as after_count
  from splits p
  cross join lateral (
    select
      percentile_disc(0.5) within group (order by n.cash_amount) as amount,
      count(*) as payments_count
    from (
      select a.cash_amount
      from stocks_research.corporate_actions a
      where a.security_id = p.security_id
        and a.kind = 'cash_dividend'
        and a.cash_amount > 0
        and a.ex_date < p.ex_date
        and a.ex_date >= p.ex_date - 730
      order by a.ex_date desc
      limit 4) n) before
  cross join lateral (
    select
      percentile_disc(0.5) within group (order by n.cash_amount) as amount,
      count(*) as payments_count
    from (
      select a.cash_amount
      from stocks_research.corporate_actions a
      where a.security_id = p.security_id
        and a.kind = 'cash_dividend'
        and a.cash_amount > 0
        and a.ex_date > p.ex_date
        and a.ex_date <= p.ex_date + 730
      order by a.ex_date
      limit 4) n) after
)
select
  s.source_id as subject,
  p.ex_date,
  round(p.shares_ratio, 6) as shares_ratio,
  p.before_amount,
  p.after_amount
from payments p
join stocks_research.securities s using (security_id)
where p.before_count >= 2
  and p.after_count >= 2
  and abs(ln(p.after_amount / p.before_amount)) < 0.25 * abs(ln(p.shares_ratio))
