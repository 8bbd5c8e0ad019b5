-- Deletes the events of the former provider ($1: [{source_id, ex_date, kind, action_key, occurrence}]) that
-- would be applied beside those of the new one.
delete from stocks_research.corporate_actions a
using
  jsonb_to_recordset($1::jsonb) e (
    source_id text, ex_date date, kind text, action_key text, occurrence integer
  ),
  stocks_research.securities s
where s.source_id = e.source_id
  and a.security_id = s.security_id
  and a.ex_date = e.ex_date
  and a.kind = e.kind
  and a.action_key = e.action_key
  and a.occurrence = e.occurrence
