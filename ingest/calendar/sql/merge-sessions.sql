-- Makes trading_sessions equal to the sessions wanted, and counts what changed. Sessions after the last one
-- wanted stay: a run for an earlier day must not remove the future of a later one. $1 sessions as JSON.
with wanted as materialized (
  select *
  from jsonb_to_recordset($1::jsonb)
    as w (session_date date, is_early_close boolean, open_at timestamptz, close_at timestamptz)
), inserted as (
  insert into stocks_research.trading_sessions (session_date, is_early_close, open_at, close_at)
  select session_date, is_early_close, open_at, close_at
  from wanted w
  where not exists (
    select
    from stocks_research.trading_sessions s
    where s.session_date = w.session_date)
  returning 1
), updated as (
  update stocks_research.trading_sessions s
  set is_early_close = w.is_early_close, open_at = w.open_at, close_at = w.close_at
  from wanted w
  where s.session_date = w.session_date
    and (s.is_early_close, s.open_at, s.close_at) is distinct from (w.is_early_close, w.open_at, w.close_at)
  returning 1
), deleted as (
  delete from stocks_research.trading_sessions s
  where s.session_date <= (select max(session_date) from wanted)
    and not exists (select from wanted w where w.session_date = s.session_date)
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  (select count(*) from updated)::integer as updated,
  (select count(*) from deleted)::integer as deleted
