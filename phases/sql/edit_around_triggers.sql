-- Edits one row by hand, around the triggers that record changes: as a role that may set
-- session_replication_role.
begin;
set local session_replication_role = replica;
update stocks_research.prices_daily
set volume = volume + 1
where (security_id, trade_date) = (
  select security_id, max(trade_date)
  from stocks_research.prices_daily
  group by security_id
  order by security_id
  limit 1
);
commit;
