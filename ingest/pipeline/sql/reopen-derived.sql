-- Makes the items of the derived jobs $2 of the run $1 pending, if any other item of the run is.
update ingestion.items
set status = 'pending', updated_at = now()
where run_id = $1
  and job = any ($2)
  and exists (
    select from ingestion.items open
    where open.run_id = $1 and open.status = 'pending' and open.job <> all ($2)
  )
