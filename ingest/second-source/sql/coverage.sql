-- How many of our closes were compared, and the securities that have closes but none to compare with.
select
  coalesce(sum(closes_count), 0)::integer as closes,
  coalesce(sum(compared_count), 0)::integer as compared,
  coalesce(
    array_agg(source_id order by source_id) filter (where compared_count = 0 and closes_count > 0),
    '{}') as without
from ingestion.second_source_coverage_v
