-- claim: no source has changed a price after it was stored
-- severity: soft
-- job: prices-daily
-- why: A backtest from before the change cannot be repeated. A trigger records the old and the new value.
select
  coalesce(s.source_id, r.security_id::text) as subject,
  r.trade_date,
  r.field,
  r.old_value,
  r.new_value,
  r.run_id
from ingestion.price_revisions r
left join stocks_research.securities s using (security_id)
