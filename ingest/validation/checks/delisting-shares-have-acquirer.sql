-- claim: proceeds in shares are valued at the acquirer's close, or have a reason why not
-- severity: hard
-- job: corporate-actions
-- why: A merger paid in cash and shares that is valued at its cash alone gives a large false loss. So no
--      value leaves out the shares: without an acquirer and its close there is no value, and a reason.
select
  d.source_id as subject,
  d.delisting_code,
  d.shares_per_share,
  d.cash_per_share,
  d.value_per_share,
  d.acquirer_security_id,
  d.delisting_return_reason
from stocks_research.delistings_v d
where (d.shares_per_share is not null or d.delisting_code in ('merger_stock', 'merger_mixed'))
  and d.delisting_return_reason is null
  and not coalesce(
    d.acquirer_security_id is not null
      and d.shares_per_share > 0
      and d.value_per_share > coalesce(d.cash_per_share, 0),
    false)
