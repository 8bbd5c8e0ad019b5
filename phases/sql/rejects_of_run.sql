-- Records that a run rejected, by job and kind.
select job, kind, count(*)::int as records
from ingestion.rejects
where run_id = $1
group by 1, 2
order by 1, 2
