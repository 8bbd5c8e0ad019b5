-- claim: the quality of each security equals what its sessions, findings and filings give
-- severity: hard
-- why: Counted session by session and finding by finding, where the view counts positions in the calendar;
--      the grade follows from the worst figure downwards, where the view takes the worst of seven grades.
with today as (
  select max(p.trade_date) as day
  from stocks_research.prices_daily p
), spans as materialized (
  -- Each ticker interval, and the day from which bars are expected.
  select s.security_id, h.valid_from,
    greatest(h.valid_from, coalesce(s.list_date, b.first_bar)) as first_date,
    least(h.valid_to, s.delist_date, t.day) as last_date
  from today t
  cross join stocks_research.securities s
  join stocks_research.ticker_history h using (security_id)
  cross join lateral (
    select min(p.trade_date) as first_bar
    from stocks_research.prices_daily p
    where p.security_id = s.security_id
  ) b
  where s.security_id not in (select r.security_id from ingestion.removed_securities r)
), sessions as materialized (
  select c.session_date, row_number() over (order by c.session_date) as session_no
  from stocks_research.trading_sessions c
), pairs as materialized (
  -- Each session on which a security should have a bar.
  select n.security_id, n.valid_from, c.session_no, p.trade_date is not null as is_there
  from spans n
  join sessions c on c.session_date between n.first_date and n.last_date
  left join stocks_research.prices_daily p
    on p.security_id = n.security_id and p.trade_date = c.session_date
), numbered as (
  -- Consecutive sessions without a bar have the same difference of their two numbers.
  select p.security_id, p.valid_from,
    p.session_no - row_number() over (partition by p.security_id, p.valid_from order by p.session_no)
      as island
  from pairs p
  where not p.is_there
), islands as (
  select n.security_id, count(*) as sessions
  from numbered n
  group by n.security_id, n.valid_from, n.island
), gaps as (
  select i.security_id, count(*) as gaps, max(i.sessions) as longest
  from islands i
  group by i.security_id
), counted as (
  select p.security_id, count(*) as expected, count(*) filter (where p.is_there) as present
  from pairs p
  group by p.security_id
), covered as (
  select c.security_id, c.expected, c.present, coalesce(g.gaps, 0) as gaps,
    coalesce(g.longest, 0) as longest
  from counted c
  left join gaps g using (security_id)
), quarters as (
  -- The newest vintage of each quarter of revenue and net income.
  select d.cik, count(*) as quarters,
    count(*) filter (where 'basis_may_differ' in (d.yoy_reason, d.ttm_reason)) as on_two_bases
  from today t
  join stocks_research.fundamentals_derived d on d.known_from <= t.day
  where d.value is not null
    and exists (
      select
      from stocks_research.standard_item_tags i
      where i.taxonomy = d.taxonomy and i.tag = d.tag and i.item in ('revenue', 'net_income'))
    and not exists (
      select
      from stocks_research.fundamentals_derived n
      where (n.cik, n.taxonomy, n.tag, n.unit, n.period_start, n.period_end)
          = (d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end)
        and n.known_from > d.known_from
        and n.known_from <= t.day)
  group by d.cik
), found as (
  -- The open findings about each name.
  select
    f.subject,
    sum((f.accepted_by is null and f.severity = 'hard')::int) as hard,
    sum((f.accepted_by is null and f.severity = 'soft')::int) as soft,
    sum((f.accepted_by is not null)::int) as accepted
  from ingestion.findings f
  cross join today t
  where f.resolved_at is null
    and ingestion.finding_known_from(f.evidence, f.first_seen_at) <= t.day
  group by f.subject
), parts as (
  select s.source_id, c.*,
    coalesce(own.hard, 0) + coalesce(of_filer.hard, 0) + coalesce(of_number.hard, 0) as hard,
    coalesce(own.soft, 0) + coalesce(of_filer.soft, 0) + coalesce(of_number.soft, 0) as soft,
    coalesce(own.accepted, 0) + coalesce(of_filer.accepted, 0) + coalesce(of_number.accepted, 0)
      as accepted,
    (
      select count(*)
      from stocks_research.refused_events r
      where r.security_id = s.security_id
        and (r.ex_date is null or r.ex_date <= t.day)
        and (r.declared_date is null or r.declared_date <= t.day)) as refused,
    m.compared,
    m.apart,
    q.quarters,
    q.on_two_bases
  from today t
  cross join covered c
  join stocks_research.securities s using (security_id)
  -- A check names the security, its filer, or its number.
  left join found own on own.subject = s.source_id
  left join found of_filer on of_filer.subject = s.cik and s.cik <> s.source_id
  left join found of_number
    on of_number.subject = s.security_id::text
    and of_number.subject <> s.source_id
    and of_number.subject is distinct from s.cik
  left join lateral (
    select
      nullif(count(*), 0) as compared,
      count(*) filter (where abs(p.close / q.close - 1) > 0.005) as apart
    from ingestion.second_prices q
    join stocks_research.prices_daily p using (security_id, trade_date)
    where q.security_id = s.security_id) m on true
  left join quarters q on q.cik = s.cik
), graded as (
  select p.*,
    case
      when p.hard > 0 or p.present < 0.95 * p.expected or p.longest > 63 or p.apart > 0.05 * p.compared
        then 'D'
      when p.present < 0.99 * p.expected or p.longest > 10 or p.soft > 3 or p.refused > 0
        or p.apart > 0.01 * p.compared or p.on_two_bases > 0.2 * p.quarters
        then 'C'
      when p.present < 0.999 * p.expected or p.longest > 5 or p.soft > 0 or p.apart > 0.001 * p.compared
        or p.on_two_bases > 0.05 * p.quarters
        then 'B'
      else 'A'
    end as grade
  from parts p
)
select
  coalesce(g.source_id, v.source_id) as subject,
  to_jsonb(g) as counted,
  to_jsonb(v) as stored
from graded g
full join stocks_research.security_quality_v v using (security_id)
where (g.expected, g.present, g.gaps, g.longest, g.hard, g.soft, g.accepted, g.refused)
    is distinct from (v.sessions_expected, v.sessions_with_bar, v.gaps_count, v.longest_gap_sessions,
      v.hard_findings, v.soft_findings, v.accepted_findings, v.refused_events)
  or (g.compared, g.compared - g.apart, g.quarters, g.quarters - g.on_two_bases, g.grade)
    is distinct from (
      v.closes_compared, v.closes_agreeing, v.quarters_count, v.quarters_on_one_basis, v.grade)
