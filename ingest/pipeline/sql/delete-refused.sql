-- Deletes the refused events of these securities that an earlier read recorded: those of the window, those
-- without a day, and those of which a good record is staged now. Events that are reported again stay.
--   $1 security ids   $2 events reported now, as JSON   $3, $4 window   $5, $6 first and last item_no
delete from stocks_research.refused_events r
where r.security_id = any ($1::bigint[])
  and (
    r.ex_date is null
    or r.ex_date between $3 and $4
    or (r.security_id, r.ex_date, r.kind) in (
      select s.security_id, s.ex_date, s.kind
      from pg_temp.staged s
      where s.item_no between $5 and $6
    )
  )
  and row(r.*)::text not in (
    select row(t.*)::text
    from jsonb_populate_recordset(null::stocks_research.refused_events, $2::jsonb) t
  )
