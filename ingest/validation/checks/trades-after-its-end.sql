-- claim: no security trades a week after an event that ends its listing
-- severity: soft
-- job: corporate-actions
-- why: A merger or delisting that belongs to another holder of the ticker, or is dated years before its time,
--      leaves a security that trades on. The bars are kept; the listing view reads the event.
with ends as (
  select a.security_id, a.kind, a.ex_date
  from stocks_research.corporate_actions a
  where a.kind in ('merger', 'delisting')
)
select s.source_id as subject, e.kind, e.ex_date, last.trade_date as last_trade_date
from ends e
join stocks_research.securities s using (security_id)
cross join lateral (
  select p.trade_date
  from stocks_research.prices_daily p
  where p.security_id = e.security_id and p.trade_date > e.ex_date + 7
  order by p.trade_date desc
  limit 1) last
