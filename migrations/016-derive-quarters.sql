-- How quarters are derived.
--
-- Where filings leave a choice (one quarter reported with two first days, two years that lead to one quarter,
-- two last days about a year ago), the choice is made for each day, from what was known on that day.
--
-- Values are on one basis when each was reported on or after the last day on which one of them was restated.
-- A difference is taken only of values on one basis, and is valid until another difference on one basis
-- replaces it. A sum of four quarters, and a ratio to a year before, are null when their values may be on two
-- bases.
--
-- The planner cannot know how many rows a common table expression gives, assumes one, and would sort both
-- sides of each join. With hash joins the same rows take two thirds of the time. Tables are joined in the
-- order that is written: left to itself the planner pairs all quarters of a series with each other.

create function stocks_research.is_restatement(value_before numeric, value numeric) returns boolean
language sql immutable parallel safe
as $$
-- Not the same value rounded to thousands, to tenths of a million or to millions.
select case
  when value_before is null or value_before = value then false
  when abs(value - value_before) > 500000 then true
  when value % 1000000 = 0 or value_before % 1000000 = 0 then false
  when abs(value - value_before) > 50000 then true
  when value % 100000 = 0 or value_before % 100000 = 0 then false
  when abs(value - value_before) > 500 then true
  else value % 1000 <> 0 and value_before % 1000 <> 0
end
$$;
comment on function stocks_research.is_restatement(numeric, numeric) is
  'True when a filing reports another value than the filing before it, and not the same value rounded to '
  'thousands, to tenths of a million or to millions.';

create function stocks_research.derive_fundamentals(ciks text[])
returns table (
  cik text, taxonomy text, tag text, unit text,
  period_start date, period_end date, known_from date,
  value numeric, method text, reason text, accession text, subtracted_accession text,
  is_long_quarter boolean, is_transition boolean,
  yoy_ratio numeric, yoy_reason text, yoy_base_period_end date,
  ttm_value numeric, ttm_reason text
)
language sql stable parallel safe
set search_path = pg_catalog
set enable_nestloop = off
set enable_mergejoin = off
set join_collapse_limit = 1
set jit = off
set work_mem = '64MB'
as $$
with series as materialized (
  -- A tag of a filer in one unit. The kind is looked up by patterns, which is slow: once for a series.
  select t.*,
    row_number() over (order by t.cik, t.taxonomy, t.tag, t.unit) as series,
    stocks_research.fact_kind(t.unit, t.tag) as kind
  from (
    select distinct f.cik, f.taxonomy, f.tag, f.unit
    from stocks_research.fundamentals_raw f
    where f.cik = any ($1)
      and f.period_start is not null
  ) t
), facts as materialized (
  -- One fact of one filing.
  select s.series, s.kind, f.period_start, f.period_end, f.value, f.accession, f.form, f.filed,
    case d.period_kind
      when 'quarter' then 1
      when 'half' then 2
      when 'nine_months' then 3
      else 4
    end as quarters
  from stocks_research.fundamentals_raw f
  join series s using (cik, taxonomy, tag, unit)
  cross join lateral (
    select stocks_research.period_kind(f.period_end - f.period_start + 1) as period_kind
  ) d
  where f.cik = any ($1)
    and stocks_research.is_periodic_report(f.form)
    and f.filed >= f.period_end
    and d.period_kind is not null
), newest as materialized (
  -- Of several filings of one day the one that counts, with the value of the filing before, until the next.
  select n.*,
    lag(n.value) over by_day as value_before,
    lead(n.filed, 1, 'infinity') over by_day as stated_to
  from (
    select distinct on (f.series, f.period_end, f.period_start, f.filed) f.*
    from facts f
    order by f.series, f.period_end, f.period_start, f.filed, f.form like '%/A' desc, f.accession desc
  ) n
  window by_day as (partition by n.series, n.period_end, n.period_start order by n.filed)
), versions as materialized (
  -- A value of a period, valid from one filing until the next filing with another value.
  select n.series, n.kind, n.quarters, n.period_start, n.period_end, n.value, n.accession,
    stocks_research.is_transition_report(n.form) as is_transition,
    n.filed as known_from,
    lead(n.filed, 1, 'infinity') over by_day as known_to,
    min(n.filed) over by_day as first_known_from,
    max(
      case
        when stocks_research.is_restatement(n.value_before, n.value) then n.filed
        else '-infinity'
      end::date
    ) over by_day as restated_on
  from newest n
  where n.value is distinct from n.value_before
  window by_day as (partition by n.series, n.period_end, n.period_start order by n.filed)
), restated_series as materialized (
  -- Only in these series can values be on two bases.
  select distinct v.series
  from versions v
  where v.restated_on > '-infinity'
    and v.kind = 'amount'
), pairs as (
  -- A longer period less the shorter one with the same first day, while both are valid.
  select l.series, s.period_end + 1 as period_start, l.period_end, l.kind, l.quarters,
    l.value - s.value as value,
    l.accession, s.accession as subtracted_accession,
    l.is_transition or s.is_transition as is_transition,
    greatest(l.known_from, s.known_from) as known_from,
    l.period_start as longer_start,
    least(l.known_to, s.known_to) as known_to,
    case when l.kind = 'amount' then greatest(l.restated_on, s.restated_on) else '-infinity' end::date
      as restated_on
  from versions l
  join versions s
    on s.series = l.series and s.period_start = l.period_start and s.quarters = l.quarters - 1
    and s.known_from < l.known_to and l.known_from < s.known_to
  where stocks_research.period_kind(l.period_end - s.period_end) = 'quarter'
), near_restatements as materialized (
  -- The day from which a quarter may be compared with a restated one. A ratio looks back 376 days at most, a
  -- sum less; quarters without a restated one so near are on one basis.
  select n.*
  from (
    select r.series, r.period_start, r.period_end,
      min(min(r.known_from) filter (where r.restated_on > '-infinity')) over (
        partition by r.series
        order by r.period_end - date '1970-01-01'
        range between 376 preceding and 376 following
      ) as known_from
    from (
      select v.series, v.period_start, v.period_end, v.known_from, v.restated_on
      from versions v
      where v.quarters = 1
      union all
      select p.series, p.period_start, p.period_end, p.known_from, p.restated_on
      from pairs p
    ) r
    join restated_series using (series)
    group by r.series, r.period_start, r.period_end
  ) n
  where n.known_from is not null
), statements as materialized (
  -- A day on which a filing reports a period, until the next such day, with the last restatement until then:
  -- of quarters near a restatement, and of the periods that such a quarter is the difference of.
  select n.series, n.quarters, n.period_start, n.period_end, n.filed as stated_on, n.stated_to,
    max(
      case
        when stocks_research.is_restatement(n.value_before, n.value) then n.filed
        else '-infinity'
      end::date
    ) over by_day as restated_on
  from (
    select r.series, r.period_start, r.period_end
    from near_restatements r
    union
    select p.series, p.longer_start, unnest(array[p.period_end, p.period_start - 1])
    from pairs p
    join near_restatements r using (series, period_start, period_end)
  ) w
  join newest n using (series, period_start, period_end)
  window by_day as (partition by n.series, n.period_end, n.period_start order by n.filed)
), confirmations as (
  -- The first day on which both periods have been reported since the last restatement of one of them.
  select p.series, p.period_start, p.period_end, p.longer_start, p.known_from,
    greatest(min(l.stated_on), min(s.stated_on)) as confirmed_on
  from pairs p
  join statements l
    on l.series = p.series and l.period_start = p.longer_start and l.period_end = p.period_end
    and l.stated_on >= p.restated_on
  join statements s
    on s.series = p.series and s.period_start = p.longer_start and s.period_end = p.period_start - 1
    and s.stated_on >= p.restated_on
  where p.restated_on > '-infinity'
  group by p.series, p.period_start, p.period_end, p.longer_start, p.known_from
), on_one_basis as (
  select p.*, greatest(p.known_from, c.confirmed_on) as one_basis_from
  from pairs p
  left join confirmations c using (series, period_start, period_end, longer_start, known_from)
  where p.restated_on = '-infinity'
    or c.confirmed_on < p.known_to
), alternatives as (
  -- A difference is valid until another one on one basis replaces it.
  select o.series, o.period_start, o.period_end, o.kind, o.quarters, o.value,
    o.accession, o.subtracted_accession, o.is_transition, o.longer_start,
    o.one_basis_from as known_from,
    lead(o.one_basis_from, 1, 'infinity') over (
      partition by o.series, o.period_start, o.period_end, o.longer_start
      order by o.one_basis_from
    ) as known_to
  from on_one_basis o
), differences as (
  -- When two years lead to one quarter (a change of fiscal year): the later one, from the day on which it is
  -- known.
  select a.*,
    min(a.known_from) over (
      partition by a.series, a.period_start, a.period_end
      order by a.longer_start desc
      groups between unbounded preceding and 1 preceding
    ) as replaced_from
  from alternatives a
), known as materialized (
  -- A quarter with its value, reported or derived, from known_from until known_to.
  select u.*,
    dense_rank() over (order by u.series, u.period_start, u.period_end) as quarter
  from (
    select r.series, r.period_start, r.period_end, r.kind, r.value,
      'reported' as method, null as reason, r.accession, null as subtracted_accession,
      r.is_transition, r.period_start as longer_start, r.known_from, r.known_to
    from versions r
    where r.quarters = 1
    union all
    select d.series, d.period_start, d.period_end, d.kind,
      case when d.kind = 'amount' then d.value end,
      case
        when d.kind <> 'amount' then 'none'
        when d.quarters = 4 then 'year_less_nine_months'
        when d.quarters = 3 then 'nine_months_less_half'
        else 'half_less_quarter'
      end,
      case when d.kind <> 'amount' then 'not_additive' end,
      d.accession, d.subtracted_accession, d.is_transition,
      d.longer_start, d.known_from, least(d.known_to, d.replaced_from, r.known_from)
    from differences d
    left join versions r
      on r.series = d.series and r.period_start = d.period_start and r.period_end = d.period_end
      and r.quarters = 1 and r.known_from = r.first_known_from
    where d.known_from < least(d.known_to, d.replaced_from, r.known_from)
  ) u
), basis as materialized (
  -- A quarter near a restated one, from each day on: when its parts were restated last, and since when all of
  -- them have been reported. Before the restatement nothing depends on these days.
  select b.series, b.period_start, b.period_end, b.longer_start, b.restated_on, b.stated_on,
    case when b.known_from >= n.known_from then b.known_from else '-infinity' end as known_from,
    b.known_to
  from (
    select s.series, s.period_start, s.period_end, s.period_start as longer_start,
      s.restated_on, s.stated_on, s.stated_on as known_from, s.stated_to as known_to
    from statements s
    where s.quarters = 1
    union all
    select p.series, p.period_start, p.period_end, p.longer_start,
      greatest(l.restated_on, s.restated_on), least(l.stated_on, s.stated_on),
      greatest(l.stated_on, s.stated_on), least(l.stated_to, s.stated_to)
    from (select distinct series, period_start, period_end, longer_start from pairs) p
    join statements l
      on l.series = p.series and l.period_start = p.longer_start and l.period_end = p.period_end
    join statements s
      on s.series = p.series and s.period_start = p.longer_start and s.period_end = p.period_start - 1
      and s.stated_on < l.stated_to and l.stated_on < s.stated_to
  ) b
  join near_restatements n using (series, period_start, period_end)
  where b.known_to >= n.known_from
), states as materialized (
  -- A quarter with its value and basis, from state_from until state_to. Far from restatements there is no
  -- basis.
  select k.*, b.restated_on, b.stated_on,
    greatest(k.known_from, b.known_from) as state_from,
    least(k.known_to, b.known_to) as state_to
  from known k
  left join basis b
    on b.series = k.series and b.period_start = k.period_start and b.period_end = k.period_end
    and b.longer_start = k.longer_start
    and b.known_from < k.known_to and k.known_from < b.known_to
), periods as materialized (
  select k.quarter, k.series, k.period_start, k.period_end, min(k.known_from) as known_from
  from known k
  group by k.quarter, k.series, k.period_start, k.period_end
), chosen as materialized (
  -- Some filers report one quarter with two first days. Its neighbours use the one nearest to 13 weeks, of
  -- those known on the day.
  select c.*
  from (
    select p.quarter, p.series, p.period_start, p.period_end, p.known_from,
      coalesce(
        min(p.known_from) over (
          partition by p.series, p.period_end
          order by abs(p.period_end - p.period_start - 90), p.period_start desc
          rows between unbounded preceding and 1 preceding
        ),
        'infinity'
      ) as known_to
    from periods p
  ) c
  where c.known_from < c.known_to
), ends as (
  select p.series, p.period_end, min(p.known_from) as known_from
  from periods p
  group by p.series, p.period_end
), ends_before as (
  -- A last day, with the last days of about a year before.
  select e.series, e.period_end,
    array_agg(e.period_end) over a_year_before as ends,
    array_agg(e.known_from) over a_year_before as knowns
  from ends e
  window a_year_before as (
    partition by e.series
    order by e.period_end - date '1970-01-01'
    range between 376 preceding and 354 preceding
  )
), bases as materialized (
  -- The last day nearest to a year before, of those known on the day.
  select b.*
  from (
    select e.series, e.period_end, n.base_end, n.known_from,
      coalesce(
        min(n.known_from) over (
          partition by e.series, e.period_end
          order by abs(n.base_end - (e.period_end - interval '1 year')::date), n.base_end
          rows between unbounded preceding and 1 preceding
        ),
        'infinity'
      ) as known_to
    from ends_before e
    cross join lateral unnest(e.ends, e.knowns) n (base_end, known_from)
    where abs(n.base_end - (e.period_end - interval '1 year')::date) <= 10
  ) b
  where b.known_from < b.known_to
), base_quarters as materialized (
  select p.quarter, p.series, p.period_start, p.period_end,
    c.quarter as base_quarter, c.period_start as base_start, c.period_end as base_end,
    p.known_from as first_known_from,
    greatest(b.known_from, c.known_from) as known_from,
    least(b.known_to, c.known_to) as known_to
  from periods p
  join bases b on b.series = p.series and b.period_end = p.period_end
  join chosen c on c.series = p.series and c.period_end = b.base_end
  where greatest(b.known_from, c.known_from) < least(b.known_to, c.known_to)
), before_1 as materialized (
  select p.quarter, p.series, p.known_from, c.quarter as other, c.period_start as s
  from periods p
  join chosen c on c.series = p.series and c.period_end = p.period_start - 1
), before_2 as materialized (
  select p.quarter, p.series, p.known_from, c.quarter as other, c.period_start as s
  from before_1 p
  join chosen c on c.series = p.series and c.period_end = p.s - 1
), before_3 as (
  select p.quarter, p.known_from, c.quarter as other
  from before_2 p
  join chosen c on c.series = p.series and c.period_end = p.s - 1
), share_facts as materialized (
  -- Facts whose comparison needs one share basis.
  select f.series, f.period_start, f.period_end, f.value, f.accession, f.filed
  from facts f
  where f.kind in ('per_share', 'shares')
), reported_together as materialized (
  -- Two quarters in one filing are on one share basis.
  select q.quarter, q.base_quarter, c.value, b.value as base_value, min(c.filed) as known_from
  from base_quarters q
  join share_facts c
    on c.series = q.series and c.period_start = q.period_start and c.period_end = q.period_end
  join share_facts b
    on b.series = q.series and b.period_start = q.base_start and b.period_end = q.base_end
    and b.accession = c.accession
  group by q.quarter, q.base_quarter, c.value, b.value
), moments as (
  -- Every day on which a row may change: by its own value, its base, or one of the three quarters before it.
  select s.quarter, s.state_from as known_from
  from states s
  union
  select n.quarter, t.state_from
  from (
    select quarter, first_known_from as known_from, base_quarter as other from base_quarters
    union all
    select quarter, known_from, other from before_1
    union all
    select quarter, known_from, other from before_2
    union all
    select quarter, known_from, other from before_3
  ) n
  join states t on t.quarter = n.other and t.state_from > n.known_from
  union
  select t.quarter, t.known_from
  from reported_together t
  union
  select q.quarter, q.known_from
  from base_quarters q
  where q.known_from > q.first_known_from
), base_states as (
  -- The base of a quarter with its value, from state_from until state_to.
  select q.quarter, q.base_quarter, q.base_end, b.value, b.restated_on, b.stated_on,
    greatest(q.known_from, b.state_from) as state_from,
    least(q.known_to, b.state_to) as state_to
  from base_quarters q
  join states b
    on b.quarter = q.base_quarter and b.state_from < q.known_to and q.known_from < b.state_to
), chosen_states as materialized (
  -- The quarter that ends on a day, as its neighbours use it, from state_from until state_to.
  select c.series, c.period_end, c.period_start, k.value, k.restated_on, k.stated_on,
    greatest(c.known_from, k.state_from) as state_from,
    least(c.known_to, k.state_to) as state_to
  from chosen c
  join states k
    on k.quarter = c.quarter and k.state_from < c.known_to and c.known_from < k.state_to
), rows as (
  -- A quarter on such a day, with its base and the three quarters before it as known on that day.
  select m.quarter, k.series, k.period_start, k.period_end, m.known_from,
    k.kind, k.value, k.method, k.reason, k.accession, k.subtracted_accession, k.is_transition,
    b.base_end, b.value as base_value,
    t.quarter is not null as is_reported_together,
    three.series is not null as are_four,
    k.value + one.value + two.value + three.value as sum_of_four,
    -- Values are on one basis when each was reported on or after the last restatement of any of them.
    greatest(k.restated_on, b.restated_on) > least(k.stated_on, b.stated_on) as is_base_on_another,
    greatest(k.restated_on, one.restated_on, two.restated_on, three.restated_on)
      > least(k.stated_on, one.stated_on, two.stated_on, three.stated_on) as are_four_on_more
  from moments m
  join states k
    on k.quarter = m.quarter and m.known_from >= k.state_from and m.known_from < k.state_to
  left join base_states b
    on b.quarter = m.quarter and m.known_from >= b.state_from and m.known_from < b.state_to
  left join chosen_states one
    on one.series = k.series and one.period_end = k.period_start - 1
    and m.known_from >= one.state_from and m.known_from < one.state_to
  left join chosen_states two
    on two.series = k.series and two.period_end = one.period_start - 1
    and m.known_from >= two.state_from and m.known_from < two.state_to
  left join chosen_states three
    on three.series = k.series and three.period_end = two.period_start - 1
    and m.known_from >= three.state_from and m.known_from < three.state_to
  left join reported_together t
    on t.quarter = m.quarter and t.base_quarter = b.base_quarter
    and t.value = k.value and t.base_value = b.value and t.known_from <= m.known_from
), judged as (
  select r.*,
    case
      when r.kind = 'other' then 'not_comparable'
      when r.value is null then 'no_value'
      when r.base_end is null then 'no_base_quarter'
      when r.base_value is null then 'base_has_no_value'
      when r.base_value <= 0 then 'base_not_positive'
      when r.kind in ('per_share', 'shares') and not r.is_reported_together then 'share_basis_may_differ'
      when r.kind = 'amount' and r.is_base_on_another then 'basis_may_differ'
    end as yoy_reason,
    case
      when r.kind <> 'amount' then 'not_additive'
      when not r.are_four then 'fewer_than_four_quarters'
      when r.sum_of_four is null then 'a_quarter_has_no_value'
      when r.are_four_on_more then 'basis_may_differ'
    end as ttm_reason
  from rows r
  offset 0
), results as (
  select j.quarter, j.series, j.period_start, j.period_end, j.known_from,
    j.value, j.method, j.reason, j.accession, j.subtracted_accession, j.is_transition,
    case when j.yoy_reason is null then round(round(j.value - j.base_value, 24) / j.base_value, 20) end
      as yoy_ratio,
    j.yoy_reason,
    j.base_end as yoy_base_period_end,
    case when j.ttm_reason is null then j.sum_of_four end as ttm_value,
    j.ttm_reason
  from judged j
  offset 0
), compared as (
  select r.*,
    row (r.value, r.method, r.yoy_ratio, r.yoy_reason, r.yoy_base_period_end, r.ttm_value, r.ttm_reason)
      as now,
    lag(row (r.value, r.method, r.yoy_ratio, r.yoy_reason, r.yoy_base_period_end, r.ttm_value, r.ttm_reason))
      over (partition by r.quarter order by r.known_from) as before
  from results r
)
select s.cik, s.taxonomy, s.tag, s.unit,
  c.period_start, c.period_end, c.known_from,
  c.value, c.method, c.reason, c.accession, c.subtracted_accession,
  c.period_end - c.period_start + 1 >= 95, c.is_transition,
  c.yoy_ratio, c.yoy_reason, c.yoy_base_period_end,
  c.ttm_value, c.ttm_reason
from compared c
join series s using (series)
where c.now is distinct from c.before
order by c.quarter, c.known_from
$$;
comment on function stocks_research.derive_fundamentals(text[]) is
  'The rows of fundamentals_derived for these filers, computed from fundamentals_raw.';
