-- Records a change of provider as begun, in place of one that was begun and not ended, with the spans of
-- bars that only the former provider has: $7, [{source_id, first_date, last_date}].
with abandoned as (
  delete from ingestion.provider_changes c
  where c.ended_at is null
),
change as (
  insert into ingestion.provider_changes (
    former_source, former_provider, new_source, new_provider, accepted, report
  )
  values ($1, $2, $3, $4, $5, $6)
  returning change_id
),
kept as (
  insert into ingestion.kept_bars (change_id, security_id, first_date, last_date)
  select c.change_id, s.security_id, k.first_date, k.last_date
  from change c
  cross join jsonb_to_recordset($7::jsonb) k (source_id text, first_date date, last_date date)
  join stocks_research.securities s using (source_id)
)
select change_id
from change
