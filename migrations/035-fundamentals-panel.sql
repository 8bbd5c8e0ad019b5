-- Standard and calculated items on many days in one call, and earnings per share of four quarters.

create function stocks_research.eps_panel(
  days date[], ciks text[] default null, items text[] default array['eps_basic_ttm', 'eps_diluted_ttm']
)
returns table (
  as_of date, cik text, item text,
  period_start date, period_end date,
  unit text, value numeric, reason text,
  accession text, known_from date, first_known_on date
)
language sql stable parallel safe
set search_path = pg_catalog
set jit = off
as $$
with asked as (
  select e.item
  from (values ('eps_basic'), ('eps_diluted')) e (item)
  where e.item || '_ttm' = any ($3)
), series as (
  -- Earnings per share of a filer in one unit, with a share whose splits are those of the filer.
  select g.*, exists (
      select
      from stocks_research.corporate_actions x
      where x.security_id = g.security_id
        and stocks_research.is_split_kind(x.kind)
    ) as has_splits
  from (
    select s.cik, s.item, s.unit, (
        select min(x.security_id)
        from stocks_research.securities x
        where x.cik = s.cik
      ) as security_id
    from (
      -- In two parts, so that filers are read from an index.
      select f.cik, f.item, f.unit
      from stocks_research.fundamentals_standard f
      where f.item = any (array(select e.item from asked e))
        and f.cik = any ($2)
      union all
      select f.cik, f.item, f.unit
      from stocks_research.fundamentals_standard f
      where f.item = any (array(select e.item from asked e))
        and $2 is null
    ) s
    group by s.cik, s.item, s.unit
  ) g
), newest as materialized (
  -- The newest end of a period that was known on the day, with the longest period until then: the year, or
  -- the fiscal year to date.
  select d.day, r.*, n.period_kind, n.period_start, n.period_end, n.value, n.reason, n.accession, n.filed,
    n.known_from, n.first_known_on
  from series r
  cross join (select distinct day from unnest($1) u (day)) d
  cross join lateral (
    select s.*
    from stocks_research.fundamentals_standard s
    where s.cik = r.cik
      and s.item = r.item
      and s.unit = r.unit
      and s.period_end <= d.day
      and s.known_from <= d.day
      and (s.known_to is null or s.known_to > d.day)
    order by s.period_end desc, s.period_start
    limit 1
  ) n
), with_year as materialized (
  -- The fiscal year before, and its first months.
  select n.*, y.period_start as year_start, y.value as year_value, y.reason as year_reason,
    y.filed as year_filed, y.known_from as year_known_from, y.first_known_on as year_known_on,
    p.value as part_value, p.reason as part_reason, p.filed as part_filed, p.known_from as part_known_from,
    p.first_value as part_first_value, p.first_known_on as part_known_on
  from newest n
  left join lateral (
    select s.*
    from stocks_research.fundamentals_standard s
    where n.period_kind <> 'year'
      and s.cik = n.cik
      and s.item = n.item
      and s.unit = n.unit
      and s.period_kind = 'year'
      and s.period_end = n.period_start - 1
      and s.known_from <= n.day
      and (s.known_to is null or s.known_to > n.day)
    order by s.period_start desc
    limit 1
  ) y on true
  left join lateral (
    select s.*
    from stocks_research.fundamentals_standard s
    where s.cik = n.cik
      and s.item = n.item
      and s.unit = n.unit
      and s.period_kind = n.period_kind
      and s.period_start = y.period_start
      and s.period_end between (n.period_end - interval '1 year')::date - 10
        and (n.period_end - interval '1 year')::date + 10
      and s.known_from <= n.day
      and (s.known_to is null or s.known_to > n.day)
    order by s.period_end desc
    limit 1
  ) p on true
), on_one_basis as materialized (
  -- Shares of the day for one share of each filing. A filing after an ex-date is on the new shares.
  select w.*, r.ratio, r.year_ratio, r.part_ratio, r.part_first_ratio
  from with_year w
  cross join lateral (
    -- Most securities were never split, and for them no ratio needs to be computed.
    select
      stocks_research.split_ratio_as_of(w.security_id, w.filed, w.day, w.day) as ratio,
      stocks_research.split_ratio_as_of(w.security_id, w.year_filed, w.day, w.day) as year_ratio,
      stocks_research.split_ratio_as_of(w.security_id, w.part_filed, w.day, w.day) as part_ratio,
      stocks_research.split_ratio_as_of(w.security_id, w.part_known_on, w.day, w.day) as part_first_ratio
    where w.has_splits
    union all
    select 1, 1, 1, 1
    where not w.has_splits
  ) r
), judged as (
  select b.*,
    case
      when b.value is null then b.reason
      when b.period_kind = 'year' then null
      when b.year_filed is null or b.part_filed is null then 'part_not_filed'
      when b.year_value is null then b.year_reason
      when b.part_value is null then b.part_reason
      -- What the filer first reported of last year's months, on the shares of the day, is what it reports
      -- now: else a split is missing here, or the months were restated and the year may not be.
      when abs(b.part_first_value / b.part_first_ratio - b.part_value / b.part_ratio)
        > greatest(0.2 * abs(b.part_value / b.part_ratio), 0.02) then 'share_basis_may_differ'
    end as reason_of_null
  from on_one_basis b
)
select j.day, j.cik, j.item || '_ttm',
  case
    when j.period_kind = 'year' then j.period_start
    else (j.period_end - interval '1 year')::date + 1
  end,
  j.period_end, j.unit,
  case
    when j.reason_of_null is not null then null
    when j.period_kind = 'year' then trim_scale(round(j.value / j.ratio, 6))
    else trim_scale(round(
      j.year_value / j.year_ratio + j.value / j.ratio - j.part_value / j.part_ratio, 6))
  end,
  j.reason_of_null, j.accession,
  greatest(j.known_from, j.year_known_from, j.part_known_from),
  greatest(j.first_known_on, j.year_known_on, j.part_known_on)
from judged j
$$;
comment on function stocks_research.eps_panel(date[], text[], text[]) is
  'Earnings per share of four quarters (eps_basic_ttm, eps_diluted_ttm) on each of the days, as known on it, '
  'in shares of that day. At the end of a fiscal year it is the stated figure of the year; else the year '
  'before, plus the fiscal year to date, less the same months of the year before: no quarter is derived. '
  'Each stated figure is on the shares of its filing, and is brought to the day by the splits of the first '
  'security of the filer. Null with part_not_filed, the reason of a part (fundamentals_standard), or '
  'share_basis_may_differ: the filer now reports the months of the year before 20 per cent apart from what '
  'it first reported, so that a split may be missing here. Trap: the price-earnings ratio of a filer is its '
  'capitalisation by its net income; this one uses average shares of the periods.';

create function stocks_research.fundamentals_panel(
  days date[], items text[], ciks text[] default null, currency text default null
)
returns table (
  as_of date, cik text, item text,
  period_kind text, period_start date, period_end date,
  unit text, value numeric, reason text,
  ttm_value numeric, ttm_reason text,
  tag text, accession text, known_from date, first_known_on date
)
language sql stable parallel safe
as $$
select s.*
from stocks_research.standard_items_panel($1, $2, $3, $4) s
union all
select c.as_of, c.cik, c.item, c.period_kind, c.period_start, c.period_end, c.unit, c.value, c.reason,
  c.ttm_value, c.ttm_reason, null, c.accession, c.known_from, c.first_known_on
from stocks_research.calculated_items_of($1, $2, $3, $4, true) c
-- What is not asked for is not called.
where $2 && array(select t.item from stocks_research.calculated_item_terms t)
union all
select e.as_of, e.cik, e.item, 'year', e.period_start, e.period_end, e.unit,
  case when not o.is_other_currency then e.value end,
  case when o.is_other_currency then 'other_currency' else e.reason end,
  null, 'not_additive', null, e.accession, e.known_from, e.first_known_on
from stocks_research.eps_panel($1, $3, $2) e
cross join lateral (
  select coalesce(left(e.unit, 3) <> $4, false) as is_other_currency
) o
where $2 && array['eps_basic_ttm', 'eps_diluted_ttm']
$$;
comment on function stocks_research.fundamentals_panel(date[], text[], text[], text) is
  'For each day, filer and item the newest quarter or balance that was known on the day, and of a quarter '
  'the sum of four quarters that ends with it. Items are standard items (standard_item_tags), calculated '
  'items (calculated_item_terms), and eps_basic_ttm and eps_diluted_ttm in shares of the day (eps_panel). '
  'ttm_value is null with a reason: not_additive, fewer_than_four_quarters, a_quarter_has_no_value, '
  'basis_may_differ, as in fundamentals_derived. If the year before has another tag of the same meaning, the '
  'sum is that year, plus this year to date, less the same months of the year before; basis_may_differ where '
  'one of them was restated. With a currency, a value in another one is null with '
  'other_currency, and unit names that currency. Without one, unit is the currency of the value: of a period '
  'in several currencies the one that the filer used first. A calculated item is null with part_not_filed '
  'where a part of it is not reported; its tag is null. Traps: currencies of filers differ; a filer that no '
  'longer reports keeps its newest period: look at period_end; a filer that reports no quarters has no row '
  'of results.';
