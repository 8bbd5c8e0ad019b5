-- 009 · Fundamentals by quarter, point in time.
--
-- A period is what its first and last day say, never what the filing's fiscal_period says: a quarter has 80
-- to 100 days, a half 170 to 195, nine months 260 to 290, a year 350 to 378 (13 or 14 weeks, 52 or 53 weeks).
-- Only 10-K, 10-Q and their amendments count. Of several filings the newest on or before a day is valid on
-- it; of two on one day the amendment, then the higher accession number.

create table stocks_research.fundamentals_derived (
  cik                     text        not null check (cik ~ '^[0-9]{10}$'),
  taxonomy                text        not null,
  tag                     text        not null,
  unit                    text        not null,
  period_start            date        not null,
  period_end              date        not null,
  known_from              date        not null,
  value                   numeric,
  method                  text        not null check (method in ('reported', 'year_less_nine_months', 'nine_months_less_half', 'half_less_quarter', 'none')),
  reason                  text        check (reason in ('not_additive')),
  accession               text        not null,
  subtracted_accession    text,
  is_fourteen_weeks       boolean     not null,
  yoy_ratio               numeric,
  yoy_reason              text        check (yoy_reason in (
                            'no_value', 'no_base_quarter', 'base_has_no_value', 'base_not_positive', 'share_basis_may_differ', 'not_comparable')),
  yoy_base_period_end     date,
  ttm_value               numeric,
  ttm_reason              text        check (ttm_reason in ('not_additive', 'fewer_than_four_quarters', 'a_quarter_has_no_value')),
  primary key (cik, taxonomy, tag, unit, period_start, period_end, known_from),
  constraint fundamentals_derived_is_a_quarter check (period_end - period_start + 1 between 80 and 100),
  constraint fundamentals_derived_null_has_reason check ((value is null) = (reason is not null) and (value is null) = (method = 'none')),
  constraint fundamentals_derived_yoy_null_has_reason check ((yoy_ratio is null) = (yoy_reason is not null)),
  constraint fundamentals_derived_ttm_null_has_reason check ((ttm_value is null) = (ttm_reason is not null))
);
comment on table stocks_research.fundamentals_derived is 'Quarters of every duration fact, reported or derived, with year-over-year change and trailing twelve months beside them. One row a vintage: a row holds from known_from until the next row of the same quarter. Derived from fundamentals_raw.';
comment on column stocks_research.fundamentals_derived.cik is 'SEC Central Index Key of the filer, ten digits.';
comment on column stocks_research.fundamentals_derived.taxonomy is 'XBRL taxonomy of the tag.';
comment on column stocks_research.fundamentals_derived.tag is 'XBRL element, as filed.';
comment on column stocks_research.fundamentals_derived.unit is 'Unit as filed.';
comment on column stocks_research.fundamentals_derived.period_start is 'First day of the quarter.';
comment on column stocks_research.fundamentals_derived.period_end is 'Last day of the quarter.';
comment on column stocks_research.fundamentals_derived.known_from is 'Day from which on all of this row was known: the latest filing that it uses.';
comment on column stocks_research.fundamentals_derived.value is 'Value of the quarter in unit; null with a reason when it can be neither read nor derived.';
comment on column stocks_research.fundamentals_derived.method is 'reported: the filing states the quarter. Else the longer period less the shorter one of the same first day. A reported quarter is preferred from the day on which it is filed.';
comment on column stocks_research.fundamentals_derived.reason is 'Why value is null. not_additive: per-share values, share counts, averages and ratios of periods cannot be subtracted.';
comment on column stocks_research.fundamentals_derived.accession is 'Filing of the reported value, or of the longer period.';
comment on column stocks_research.fundamentals_derived.subtracted_accession is 'Filing of the shorter period that was subtracted; null when nothing was.';
comment on column stocks_research.fundamentals_derived.is_fourteen_weeks is 'True when the quarter has 95 days or more: changes against and sums with other quarters then hold a week more.';
comment on column stocks_research.fundamentals_derived.yoy_ratio is 'value / value of the quarter that ended a year (within 10 days) earlier - 1, both as known on known_from; 20 decimals.';
comment on column stocks_research.fundamentals_derived.yoy_reason is 'Why yoy_ratio is null. share_basis_may_differ: per-share values and share counts of two filings, between which a split may lie, are not compared.';
comment on column stocks_research.fundamentals_derived.yoy_base_period_end is 'Last day of the quarter that yoy_ratio compares with; null when there is none.';
comment on column stocks_research.fundamentals_derived.ttm_value is 'Sum of this and the three quarters before it, each ending the day before the next starts, all as known on known_from.';
comment on column stocks_research.fundamentals_derived.ttm_reason is 'Why ttm_value is null.';

create function stocks_research.is_periodic_report(form text) returns boolean
language sql immutable parallel safe return form in ('10-K', '10-K/A', '10-Q', '10-Q/A');
comment on function stocks_research.is_periodic_report(text) is 'True for the forms whose facts count: annual and quarterly reports and their amendments. Other forms repeat facts, at times wrongly.';

create function stocks_research.fact_kind(unit text, tag text) returns text
language sql immutable parallel safe return case
  when unit ~ '/shares$' then 'per_share'
  when unit = 'shares' then 'shares'
  when unit ~ '^[A-Z]{3}$' and tag !~ '(Average|PerShare|PerUnit|Percent|Ratio|Rate$|Price$|Maximum|Minimum)' then 'amount'
  else 'other' end;
comment on function stocks_research.fact_kind(text, text) is 'amount: money of a period, which adds up over periods. per_share and shares: depend on splits, do not add up. other: ratios, averages, counts.';

create function stocks_research.derive_fundamentals(ciks text[])
returns table (
  cik text, taxonomy text, tag text, unit text, period_start date, period_end date, known_from date, value numeric, method text, reason text,
  accession text, subtracted_accession text, is_fourteen_weeks boolean, yoy_ratio numeric, yoy_reason text, yoy_base_period_end date,
  ttm_value numeric, ttm_reason text)
language sql stable parallel safe set search_path = pg_catalog set enable_nestloop = off set jit = off set work_mem = '64MB' as $$
with facts as materialized (
  select f.cik, f.taxonomy, f.tag, f.unit, f.period_start, f.period_end, f.value, f.accession, f.form, f.filed, k.kind,
    dense_rank() over (order by f.cik, f.taxonomy, f.tag, f.unit) as series,
    case
      when d.days between 80 and 100 then 1
      when d.days between 170 and 195 then 2
      when d.days between 260 and 290 then 3
      when d.days between 350 and 378 then 4
    end as quarters
  from stocks_research.fundamentals_raw f
  cross join lateral (select f.period_end - f.period_start + 1 as days) d
  cross join lateral (select stocks_research.fact_kind(f.unit, f.tag) as kind) k
  where f.cik = any ($1) and stocks_research.is_periodic_report(f.form) and f.filed >= f.period_end
    and (d.days between 80 and 100 or d.days between 170 and 195 or d.days between 260 and 290 or d.days between 350 and 378)
), newest as (
  select distinct on (f.series, f.period_start, f.period_end, f.filed) f.*
  from facts f
  order by f.series, f.period_start, f.period_end, f.filed, f.form like '%/A' desc, f.accession desc
), changes as (
  select n.*, lag(n.value) over (partition by n.series, n.period_start, n.period_end order by n.filed) as value_before
  from newest n
), versions as materialized (
  -- What was valid from one filing until the next one that says something else.
  select c.series, c.kind, c.quarters, c.period_start, c.period_end, c.value, c.accession, c.filed as known_from,
    lead(c.filed, 1, 'infinity') over (partition by c.series, c.period_start, c.period_end order by c.filed) as known_to
  from changes c
  where c.value is distinct from c.value_before
), reported as (
  select v.*, min(v.known_from) over (partition by v.series, v.period_start, v.period_end) as first_known_from
  from versions v where v.quarters = 1
), differences as (
  select l.series, s.period_end + 1 as period_start, l.period_end, l.kind, l.quarters, l.value - s.value as value,
    l.accession, s.accession as subtracted_accession, greatest(l.known_from, s.known_from) as known_from, least(l.known_to, s.known_to) as known_to,
    -- Two years that both lead to one quarter (a change of fiscal year): the later one.
    rank() over (partition by l.series, s.period_end, l.period_end order by l.period_start desc) as preference
  from versions l
  join versions s on s.series = l.series and s.period_start = l.period_start and s.quarters = l.quarters - 1
    and s.known_from < l.known_to and l.known_from < s.known_to
  where l.period_end - s.period_end between 80 and 100
), known as materialized (
  select r.series, r.period_start, r.period_end, r.kind, r.value, 'reported' as method, null as reason, r.accession, null as subtracted_accession,
    r.known_from, r.known_to
  from reported r
  union all
  select d.series, d.period_start, d.period_end, d.kind,
    case when d.kind = 'amount' then d.value end,
    case when d.kind <> 'amount' then 'none' when d.quarters = 4 then 'year_less_nine_months' when d.quarters = 3 then 'nine_months_less_half' else 'half_less_quarter' end,
    case when d.kind <> 'amount' then 'not_additive' end,
    d.accession, d.subtracted_accession, d.known_from, least(d.known_to, r.first_known_from)
  from differences d
  left join (select distinct series, period_start, period_end, first_known_from from reported) r using (series, period_start, period_end)
  where d.preference = 1 and d.known_from < coalesce(r.first_known_from, 'infinity')
), periods as materialized (
  select k.series, k.period_start, k.period_end, min(k.known_from) as known_from,
    -- Filers at times state one quarter with two first days; neighbours then take the one nearest to 13
    -- weeks.
    row_number() over (partition by k.series, k.period_end order by abs(k.period_end - k.period_start - 90), k.period_start desc) as preference
  from known k group by k.series, k.period_start, k.period_end
), bases as (
  select p.series, p.period_end, array_agg(p.period_end) over (
    partition by p.series order by p.period_end - date '1970-01-01' range between 376 preceding and 354 preceding) as ends
  from periods p where p.preference = 1
), links as materialized (
  select p.series, p.period_start, p.period_end, p.known_from, b.period_start as base_start, b.period_end as base_end,
    one.period_start as start_1, one.period_end as end_1, two.period_start as start_2, two.period_end as end_2,
    three.period_start as start_3, three.period_end as end_3
  from periods p
  left join (
    select c.series, c.period_end,
      (select e from unnest(c.ends) e where abs(e - (c.period_end - interval '1 year')::date) <= 10
       order by abs(e - (c.period_end - interval '1 year')::date), e limit 1) as base_end
    from bases c) n on n.series = p.series and n.period_end = p.period_end
  left join periods b on b.series = p.series and b.period_end = n.base_end and b.preference = 1
  left join periods one on one.series = p.series and one.period_end = p.period_start - 1 and one.preference = 1
  left join periods two on two.series = p.series and two.period_end = one.period_start - 1 and two.preference = 1
  left join periods three on three.series = p.series and three.period_end = two.period_start - 1 and three.preference = 1
), stated_together as (
  -- Two quarters in one filing are on one share basis.
  select c.series, c.period_start, c.period_end, c.value, b.value as base_value, min(c.filed) as known_from
  from links l
  join facts c on c.series = l.series and c.period_start = l.period_start and c.period_end = l.period_end and c.kind in ('per_share', 'shares')
  join facts b on b.series = l.series and b.period_start = l.base_start and b.period_end = l.base_end and b.accession = c.accession
  group by c.series, c.period_start, c.period_end, c.value, b.value
), moments as (
  -- Every day on which a row may change: its own value, its base, or one of the three quarters before it.
  select l.series, l.period_start, l.period_end, k.known_from
  from links l
  cross join lateral (values (l.period_start, l.period_end), (l.base_start, l.base_end), (l.start_1, l.end_1), (l.start_2, l.end_2), (l.start_3, l.end_3)) n (s, e)
  join known k on k.series = l.series and k.period_start = n.s and k.period_end = n.e
  where k.known_from >= l.known_from
  union
  select l.series, l.period_start, l.period_end, l.known_from from links l
  union
  select t.series, t.period_start, t.period_end, t.known_from from stated_together t
), rows as (
  select l.series, l.period_start, l.period_end, m.known_from, k.kind, k.value, k.method, k.reason, k.accession, k.subtracted_accession,
    l.base_end, b.value as base_value, b.known_from as base_known_from, t.series is not null as is_stated_together,
    one.known_from as known_1, two.known_from as known_2, three.known_from as known_3,
    k.value + one.value + two.value + three.value as sum_of_four
  from moments m
  join links l using (series, period_start, period_end)
  join known k on k.series = l.series and k.period_start = l.period_start and k.period_end = l.period_end
    and m.known_from >= k.known_from and m.known_from < k.known_to
  left join known b on b.series = l.series and b.period_start = l.base_start and b.period_end = l.base_end
    and m.known_from >= b.known_from and m.known_from < b.known_to
  left join known one on one.series = l.series and one.period_start = l.start_1 and one.period_end = l.end_1
    and m.known_from >= one.known_from and m.known_from < one.known_to
  left join known two on two.series = l.series and two.period_start = l.start_2 and two.period_end = l.end_2
    and m.known_from >= two.known_from and m.known_from < two.known_to
  left join known three on three.series = l.series and three.period_start = l.start_3 and three.period_end = l.end_3
    and m.known_from >= three.known_from and m.known_from < three.known_to
  left join stated_together t on t.series = l.series and t.period_start = l.period_start and t.period_end = l.period_end
    and t.value = k.value and t.base_value = b.value and t.known_from <= m.known_from
), judged as (
  select r.*,
    case
      when r.kind = 'other' then 'not_comparable'
      when r.value is null then 'no_value'
      when r.base_known_from is null then 'no_base_quarter'
      when r.base_value is null then 'base_has_no_value'
      when r.base_value <= 0 then 'base_not_positive'
      when r.kind in ('per_share', 'shares') and not r.is_stated_together then 'share_basis_may_differ'
    end as yoy_reason,
    case
      when r.kind <> 'amount' then 'not_additive'
      when r.known_1 is null or r.known_2 is null or r.known_3 is null then 'fewer_than_four_quarters'
      when r.sum_of_four is null then 'a_quarter_has_no_value'
    end as ttm_reason
  from rows r
), results as (
  select j.series, j.period_start, j.period_end, j.known_from, j.value, j.method, j.reason, j.accession, j.subtracted_accession,
    case when j.yoy_reason is null then round(round(j.value - j.base_value, 24) / j.base_value, 20) end as yoy_ratio, j.yoy_reason,
    case when j.base_known_from is not null then j.base_end end as yoy_base_period_end,
    case when j.ttm_reason is null then j.sum_of_four end as ttm_value, j.ttm_reason
  from judged j
), compared as (
  select r.*,
    row (r.value, r.method, r.yoy_ratio, r.yoy_reason, r.yoy_base_period_end, r.ttm_value, r.ttm_reason) as now,
    lag(row (r.value, r.method, r.yoy_ratio, r.yoy_reason, r.yoy_base_period_end, r.ttm_value, r.ttm_reason))
      over (partition by r.series, r.period_start, r.period_end order by r.known_from) as before
  from results r
)
select s.cik, s.taxonomy, s.tag, s.unit, c.period_start, c.period_end, c.known_from, c.value, c.method, c.reason, c.accession, c.subtracted_accession,
  c.period_end - c.period_start + 1 >= 95, c.yoy_ratio, c.yoy_reason, c.yoy_base_period_end, c.ttm_value, c.ttm_reason
from compared c
join (select distinct f.series, f.cik, f.taxonomy, f.tag, f.unit from facts f) s using (series)
where c.now is distinct from c.before
$$;
comment on function stocks_research.derive_fundamentals(text[]) is 'The rows of fundamentals_derived for these filers, computed from fundamentals_raw.';

-- Without a setting of their own these functions are planned inside the query that calls them, so that a
-- filter on a tag reaches the index.
create function stocks_research.fundamentals_as_of(as_of date, ciks text[] default null)
returns setof stocks_research.fundamentals_raw
language sql stable parallel safe as $$
select distinct on (f.cik, f.taxonomy, f.tag, f.unit, f.period_end, f.period_start) f.*
from stocks_research.fundamentals_raw f
where f.filed <= $1 and ($2 is null or f.cik = any ($2)) and stocks_research.is_periodic_report(f.form)
order by f.cik, f.taxonomy, f.tag, f.unit, f.period_end, f.period_start, f.filed desc, f.form like '%/A' desc, f.accession desc
$$;
comment on function stocks_research.fundamentals_as_of(date, text[]) is 'Every fact as it was known at the end of the day as_of: of several filings the newest on or before it. Nothing filed later is seen.';

create function stocks_research.fundamentals_quarters_as_of(as_of date, ciks text[] default null)
returns setof stocks_research.fundamentals_derived
language sql stable parallel safe as $$
select distinct on (d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end) d.*
from stocks_research.fundamentals_derived d
where d.known_from <= $1 and ($2 is null or d.cik = any ($2))
order by d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end, d.known_from desc
$$;
comment on function stocks_research.fundamentals_quarters_as_of(date, text[]) is 'Every quarter as it was known at the end of the day as_of, with its year-over-year change and trailing twelve months of that day.';

select ingestion.watch_table('stocks_research.fundamentals_derived');
