-- How far each security can be trusted, in numbers, and as a grade by a written rule (docs/methods.md).

-- A finding is about a day; whoever screens on findings must not know it before that day.
create function ingestion.finding_known_from(evidence jsonb, first_seen_at timestamptz) returns date
language sql stable parallel safe
set search_path = pg_catalog
as $$
select coalesce(
  (
    select max(left(v.value, 10))::date
    from jsonb_each_text($1) v
    where v.value ~ '^(18|19|20|21)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])($|[ T])'
      and v.key not in ('list_date', 'delist_date', 'valid_to')
  ),
  ($2 at time zone 'UTC')::date
)
$$;
comment on function ingestion.finding_known_from(jsonb, timestamptz) is
  'The newest day that the evidence of a finding names: before it nobody could know the finding. Where it '
  'names none, the day on which this database found it first.';

create function stocks_research.security_quality_as_of(as_of date)
returns table (
  security_id bigint, source_id text, ticker text,
  sessions_expected bigint, sessions_with_bar bigint, coverage_ratio numeric,
  gaps_count bigint, longest_gap_sessions bigint,
  hard_findings bigint, soft_findings bigint, accepted_findings bigint, refused_events bigint,
  closes_compared bigint, closes_agreeing bigint, agreement_ratio numeric,
  quarters_count bigint, quarters_on_one_basis bigint, one_basis_ratio numeric,
  grade text, grade_reasons text[]
)
language sql stable parallel safe
set search_path = pg_catalog
set jit = off
as $$
with sessions as materialized (
  -- All sessions, numbered in order.
  select c.session_date, row_number() over (order by c.session_date) as session_no
  from stocks_research.trading_sessions c
), spans as materialized (
  -- An interval on which a security is known to have been listed, up to as_of. Materialized, so that the
  -- first bar is searched once for each interval and not for each session.
  select s.security_id,
    greatest(
      h.valid_from, s.list_date,
      -- Without a listing day the first bar is all that is known of the beginning.
      case when s.list_date is null then (
        select min(p.trade_date)
        from stocks_research.prices_daily p
        where p.security_id = s.security_id
          and p.trade_date <= $1
      ) end
    ) as first_date,
    least(h.valid_to, s.delist_date, $1) as last_date
  from stocks_research.securities s
  join stocks_research.ticker_history h using (security_id)
  where not exists (select from ingestion.removed_securities r where r.security_id = s.security_id)
), bounds as (
  -- The number of the last session before such an interval, and of the first one after it. Both ends are
  -- searched by the index: a join by the interval would read each session for each security.
  select distinct n.security_id, n.first_date, n.last_date, f.session_no - 1 as before_no,
    l.session_no + 1 as after_no
  from spans n
  join sessions f on f.session_date = (
    select min(c.session_date)
    from stocks_research.trading_sessions c
    where c.session_date >= n.first_date
  )
  join sessions l on l.session_date = (
    select max(c.session_date)
    from stocks_research.trading_sessions c
    where c.session_date <= n.last_date
  )
  where f.session_no <= l.session_no
), places as (
  -- The beginning of an interval, and each bar in it.
  select b.security_id, b.first_date, b.before_no as session_no, b.after_no, false as is_bar
  from bounds b
  union all
  select b.security_id, b.first_date, c.session_no, b.after_no, true
  from bounds b
  join stocks_research.prices_daily p
    on p.security_id = b.security_id
    and p.trade_date between b.first_date and b.last_date
  join sessions c on c.session_date = p.trade_date
), runs as (
  -- The sessions without a bar that follow a place.
  select p.security_id, p.is_bar,
    lead(p.session_no, 1, p.after_no) over (
      partition by p.security_id, p.first_date
      order by p.session_no
    ) - p.session_no - 1 as missing
  from places p
), coverage as (
  select r.security_id,
    count(*) filter (where r.is_bar) as present,
    count(*) filter (where r.is_bar) + sum(r.missing) as expected,
    count(*) filter (where r.missing > 0) as gaps,
    max(r.missing) as longest
  from runs r
  group by r.security_id
), open_findings as (
  select f.subject, f.severity, f.accepted_by is not null as is_accepted
  from ingestion.findings f
  where f.resolved_at is null
    and ingestion.finding_known_from(f.evidence, f.first_seen_at) <= $1
), found as (
  -- A check names a security by its source_id or security_id, or its filer by the CIK.
  select n.security_id,
    count(*) filter (where f.severity = 'hard' and not f.is_accepted) as hard,
    count(*) filter (where f.severity = 'soft' and not f.is_accepted) as soft,
    count(*) filter (where f.is_accepted) as accepted
  from open_findings f
  join (
    select s.security_id, s.source_id as subject
    from stocks_research.securities s
    union
    select s.security_id, s.security_id::text
    from stocks_research.securities s
    union
    select s.security_id, s.cik
    from stocks_research.securities s
    where s.cik is not null
  ) n using (subject)
  group by n.security_id
), refused as (
  select r.security_id, count(*) as refused
  from stocks_research.refused_events r
  where coalesce(greatest(r.ex_date, r.declared_date), '-infinity') <= $1
  group by r.security_id
), compared as (
  -- Closes that a second source has too; half a per cent is rounding.
  select q.security_id, count(*) as compared,
    count(*) filter (where abs(p.close / q.close - 1) <= 0.005) as agreeing
  from ingestion.second_prices q
  join stocks_research.prices_daily p using (security_id, trade_date)
  where q.trade_date <= $1
  group by q.security_id
), quarters as (
  -- Quarters of revenue and net income with a value, as known on as_of.
  select d.cik, count(*) as quarters,
    count(*) filter (
      where d.yoy_reason is distinct from 'basis_may_differ'
        and d.ttm_reason is distinct from 'basis_may_differ'
    ) as on_one_basis
  from (
    select distinct on (q.cik, q.taxonomy, q.tag, q.unit, q.period_start, q.period_end) q.*
    from stocks_research.fundamentals_derived q
    join stocks_research.standard_item_tags t using (taxonomy, tag)
    where t.item in ('revenue', 'net_income')
      and q.known_from <= $1
    order by q.cik, q.taxonomy, q.tag, q.unit, q.period_start, q.period_end, q.known_from desc
  ) d
  where d.value is not null
  group by d.cik
), figures as (
  select s.security_id, s.source_id, s.ticker,
    c.expected::bigint as expected, c.present,
    round(c.present::numeric / nullif(c.expected, 0), 6) as coverage,
    c.gaps, c.longest::bigint as longest,
    coalesce(f.hard, 0) as hard, coalesce(f.soft, 0) as soft, coalesce(f.accepted, 0) as accepted,
    coalesce(r.refused, 0) as refused,
    m.compared, m.agreeing, round(m.agreeing::numeric / m.compared, 6) as agreement,
    q.quarters, q.on_one_basis, round(q.on_one_basis::numeric / q.quarters, 6) as one_basis
  from coverage c
  join stocks_research.securities s using (security_id)
  left join found f using (security_id)
  left join refused r using (security_id)
  left join compared m using (security_id)
  left join quarters q on q.cik = s.cik
)
select g.security_id, g.source_id, g.ticker,
  g.expected, g.present, g.coverage, g.gaps, g.longest,
  g.hard, g.soft, g.accepted, g.refused,
  g.compared, g.agreeing, g.agreement,
  g.quarters, g.on_one_basis, g.one_basis,
  w.grade,
  case when w.grade = 'A' then '{}' else w.reasons end
from figures g
cross join lateral (
  -- Each figure has a grade; the worst one counts.
  select max(e.grade) as grade,
    array_agg(e.name order by e.position) filter (where e.grade = e.worst) as reasons
  from (
    select v.*, max(v.grade) over () as worst
    from (
      values
        (1, 'coverage', case
          when g.coverage >= 0.999 then 'A' when g.coverage >= 0.99 then 'B'
          when g.coverage >= 0.95 then 'C' else 'D' end),
        (2, 'gap', case
          when g.longest <= 5 then 'A' when g.longest <= 10 then 'B' when g.longest <= 63 then 'C'
          else 'D' end),
        (3, 'hard_findings', case when g.hard = 0 then 'A' else 'D' end),
        (4, 'soft_findings', case
          when g.soft = 0 then 'A' when g.soft <= 3 then 'B' else 'C' end),
        (5, 'refused_events', case when g.refused = 0 then 'A' else 'C' end),
        (6, 'second_source', case
          when g.agreement is null or g.agreement >= 0.999 then 'A' when g.agreement >= 0.99 then 'B'
          when g.agreement >= 0.95 then 'C' else 'D' end),
        (7, 'one_basis', case
          when g.one_basis is null or g.one_basis >= 0.95 then 'A' when g.one_basis >= 0.8 then 'B'
          else 'C' end)
    ) v (position, name, grade)
  ) e
) w
$$;
comment on function stocks_research.security_quality_as_of(date) is
  'How far each security can be trusted, from bars, filings and events up to as_of, and findings about days '
  'up to it; see security_quality_v for the columns. One row for each security that was listed by then. '
  'Limits: findings and acceptances are those of today, and a check that reads later bars than the day that '
  'it names knows more than the day did (docs/methods.md lists them).';

create view stocks_research.security_quality_v as
select q.*
from stocks_research.security_quality_as_of(
  (
    select max(p.trade_date)
    from stocks_research.prices_daily p
  )
) q;
comment on view stocks_research.security_quality_v is
  'How far each security can be trusted, today: coverage, gaps, open findings, refused events, agreement '
  'with a second source, quarters on one basis, and a grade. Trap: a backtest that filters by it looks '
  'ahead; use security_quality_as_of(day).';
comment on column stocks_research.security_quality_v.security_id is 'The security.';
comment on column stocks_research.security_quality_v.source_id is 'Its id at the primary source.';
comment on column stocks_research.security_quality_v.ticker is 'Its current ticker.';
comment on column stocks_research.security_quality_v.sessions_expected is
  'Sessions on which it is known to have been listed, up to the newest bar of the database.';
comment on column stocks_research.security_quality_v.sessions_with_bar is 'Of these, those with a bar.';
comment on column stocks_research.security_quality_v.coverage_ratio is
  'sessions_with_bar / sessions_expected, 6 decimals; null without expected sessions.';
comment on column stocks_research.security_quality_v.gaps_count is
  'Sequences of sessions without a bar, counted within each ticker interval.';
comment on column stocks_research.security_quality_v.longest_gap_sessions is
  'Sessions of the longest such sequence; 0 without a gap.';
comment on column stocks_research.security_quality_v.hard_findings is
  'Open findings of hard checks about it or its filer that nobody accepted.';
comment on column stocks_research.security_quality_v.soft_findings is
  'Open findings of soft checks about it or its filer that nobody accepted.';
comment on column stocks_research.security_quality_v.accepted_findings is
  'Open findings of both kinds that a person accepted; they do not lower the grade.';
comment on column stocks_research.security_quality_v.refused_events is
  'Corporate actions that were rejected: earlier adjusted values are null.';
comment on column stocks_research.security_quality_v.closes_compared is
  'Closes that a second source has too; null when it has none of the security.';
comment on column stocks_research.security_quality_v.closes_agreeing is
  'Of these, those that differ by half a per cent at most.';
comment on column stocks_research.security_quality_v.agreement_ratio is
  'closes_agreeing / closes_compared, 6 decimals.';
comment on column stocks_research.security_quality_v.quarters_count is
  'Quarters of revenue and net income, by tag, with a value; null without any.';
comment on column stocks_research.security_quality_v.quarters_on_one_basis is
  'Of these, those whose change over a year and sum of four quarters are not null with basis_may_differ.';
comment on column stocks_research.security_quality_v.one_basis_ratio is
  'quarters_on_one_basis / quarters_count, 6 decimals.';
comment on column stocks_research.security_quality_v.grade is
  'A to D: the worst grade of its figures, by the table in docs/methods.md.';
comment on column stocks_research.security_quality_v.grade_reasons is
  'The figures with that grade: coverage, gap, hard_findings, soft_findings, refused_events, second_source, '
  'one_basis. Empty for A.';
