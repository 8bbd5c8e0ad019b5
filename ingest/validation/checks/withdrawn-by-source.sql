-- claim: every bar, action and fact was still in its source when its days were last read
-- severity: soft
-- why: The rows are kept: a source may have lost them by mistake, and a part of a source has no information
--      on the rest.
select item as subject, job, provider, rows_count, first_date, last_date, examples
from ingestion.withdrawals
