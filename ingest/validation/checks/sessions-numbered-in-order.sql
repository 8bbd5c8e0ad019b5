-- claim: sessions are numbered in order, without a gap
-- severity: hard
-- job: prices-daily
-- why: "21 sessions later" is a difference of two numbers; a wrong number moves every window of a study.
select
  c.session_date as subject,
  v.session_number,
  c.count_up_to
from (
  select a.session_date, (
    select count(*)
    from stocks_research.trading_sessions b
    where b.session_date <= a.session_date) as count_up_to
  from stocks_research.trading_sessions a
  -- Each hundredth session and the last ones: between them the numbers have no room for an error.
  where a.session_date in (
    select d.session_date
    from stocks_research.sessions_numbered_v d
    where d.session_number % 100 = 0)
    or a.session_date >= (select max(e.session_date) from stocks_research.trading_sessions e) - 30
) c
full join (
  select d.session_date, d.session_number
  from stocks_research.sessions_numbered_v d
  where d.session_number % 100 = 0
    or d.session_date >= (select max(e.session_date) from stocks_research.trading_sessions e) - 30
) v on v.session_date = c.session_date
where v.session_number is distinct from c.count_up_to
