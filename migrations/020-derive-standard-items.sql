-- How standard items are derived from facts and quarters, vintage by vintage.
--
-- The row of an item changes only on a day on which a filing reports its period, or on which a difference for
-- its quarter appears or ends. On each such day of a period ("day" below) all items of the period are chosen
-- anew from what was filed until then; equal rows of days that follow each other are one vintage. A count of
-- shares also changes on a day on which other filings raise or end a doubt about it.
--
-- The planner cannot know how many rows a common table expression gives, so tables are joined in the order
-- that is written, by hashes; see 016-derive-quarters.sql.

create function stocks_research.derive_standard_items(ciks text[])
returns table (
  cik text, item text,
  period_kind text, period_start date, period_end date,
  unit text, known_from date, known_to date,
  value numeric, reason text,
  taxonomy text, tag text, method text, accession text, filed date,
  first_known_on date, first_value numeric
)
language sql stable parallel safe
set search_path = pg_catalog
set enable_nestloop = off
set enable_mergejoin = off
set join_collapse_limit = 1
set jit = off
set work_mem = '64MB'
as $$
with tags as materialized (
  select m.*, row_number() over () as tag_no, i.item_no,
    m.priority + case m.taxonomy when 'ifrs-full' then 100 else 0 end as rank,
    m.value_kind <> 'amount' and not m.is_instant as has_share_basis,
    m.value_kind = 'shares' as is_count,
    case m.value_kind
      when 'amount' then '^[A-Z]{3}$'
      when 'per_share' then '^[A-Z]{3}/shares$'
      else '^shares$'
    end as unit_pattern
  from stocks_research.standard_item_tags m
  join (
    select s.item, row_number() over () as item_no
    from stocks_research.standard_item_tags s
    group by s.item
  ) i using (item)
), stated as materialized (
  -- A fact whose tag means a standard item.
  select row_number() over () as fact_no,
    f.cik, m.tag_no, m.item_no, m.tier, m.rank, m.has_share_basis, m.is_count,
    f.unit, f.value * m.sign as value, f.accession, f.form, f.filed,
    f.period_start, f.period_end, coalesce(f.period_start, '-infinity') as first_date
  from tags m
  join stocks_research.fundamentals_raw f using (taxonomy, tag)
  where f.cik = any ($1)
    and stocks_research.is_periodic_report(f.form)
    and f.filed >= f.period_end
    and m.is_instant = (f.period_start is null)
    and f.unit ~ m.unit_pattern
    and (m.is_instant or stocks_research.period_kind(f.period_end - f.period_start + 1) is not null)
), restated as (
  -- A period with several values: these are few.
  select s.cik, s.tag_no, s.unit, s.first_date, s.period_end
  from stated s
  group by s.cik, s.tag_no, s.unit, s.first_date, s.period_end
  having min(s.value) <> max(s.value)
), rescaled as materialized (
  -- A fact that restates the filing before by about a thousand or a million, as in the check
  -- fact-out-of-scale.
  select v.fact_no
  from (
    select s.fact_no, s.value,
      lag(s.value) over (
        partition by s.cik, s.tag_no, s.unit, s.first_date, s.period_end
        order by s.filed, s.accession
      ) as value_before
    from restated r
    join stated s using (cik, tag_no, unit, first_date, period_end)
  ) v
  where stocks_research.is_scale_apart(v.value, v.value_before)
), count_doubts as materialized (
  select d.*
  from stocks_research.doubtful_counts($1) d
), quarters as materialized (
  -- A vintage of a quarter, for each item that its tag means.
  select d.*, m.tag_no, m.item_no, m.sign, m.tier, m.rank,
    lead(d.known_from, 1, 'infinity') over (
      partition by d.cik, m.tag_no, d.unit, d.period_end, d.period_start
      order by d.known_from
    ) as known_to
  from tags m
  join stocks_research.fundamentals_derived d using (taxonomy, tag)
  where d.cik = any ($1)
    and not m.is_instant
    and d.unit ~ m.unit_pattern
), filings as materialized (
  -- A filing; of two, the one with the higher number counts: the newer one, then the amendment.
  select f.*,
    row_number() over (order by f.filed, f.form like '%/A', f.accession, f.cik) as filing
  from (select distinct s.cik, s.accession, s.form, s.filed from stated s) f
), periods as materialized (
  select p.*, row_number() over () as period
  from (
    select s.cik, s.first_date, s.period_end from stated s
    union
    select q.cik, q.period_start, q.period_end from quarters q where q.method <> 'reported'
  ) p
), lines as materialized (
  -- An item of a period in one unit.
  select l.*, row_number() over () as line
  from (
    select p.period, s.item_no, s.unit
    from stated s
    join periods p using (cik, first_date, period_end)
    union
    select p.period, q.item_no, q.unit
    from quarters q
    join periods p on p.cik = q.cik and p.first_date = q.period_start and p.period_end = q.period_end
    where q.method <> 'reported'
  ) l
), facts as materialized (
  select s.fact_no, s.cik, s.accession, l.line, p.period, f.filing, s.filed, s.tag_no, s.item_no, s.tier,
    s.rank, s.has_share_basis, s.is_count, s.unit, s.value, s.first_date, s.period_end,
    r.fact_no is not null as is_rescaled
  from stated s
  join filings f using (cik, accession)
  join periods p using (cik, first_date, period_end)
  join lines l on l.period = p.period and l.item_no = s.item_no and l.unit = s.unit
  left join rescaled r using (fact_no)
), sides as materialized (
  -- Lines that show whether a revenue is the total or a part of it. They are compared by filing and period.
  select g.filing, f.tag, f.unit, p.period, f.value
  from stocks_research.fundamentals_raw f
  join filings g using (cik, accession)
  join periods p
    on p.cik = f.cik
    and p.first_date = coalesce(f.period_start, '-infinity')
    and p.period_end = f.period_end
  where f.taxonomy in ('us-gaap', 'ifrs-full')
    and f.cik = any ($1)
    and f.value <> 0
    and f.tag in (
      select s.tag from stocks_research.standard_sum_tags() s
      union
      select unnest(t.part_beside) from stocks_research.standard_item_tags t
    )
), totals as (
  -- What two lines of a filing add up to: gross profit and cost, or income and all costs.
  select distinct a.filing, a.period, a.unit, a.value + b.value as value
  from (
    values
      ('GrossProfit', 'CostOfRevenue'),
      ('GrossProfit', 'CostOfGoodsAndServicesSold'),
      ('GrossProfit', 'CostOfGoodsSold'),
      ('GrossProfit', 'CostOfSales'),
      ('OperatingIncomeLoss', 'CostsAndExpenses'),
      (
        'IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest',
        'CostsAndExpenses'
      ),
      (
        'IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest',
        'BenefitsLossesAndExpenses'
      )
  ) p (one, other)
  join sides a on a.tag = p.one
  join sides b on b.tag = p.other and b.filing = a.filing and b.period = a.period and b.unit = a.unit
), parts as (
  -- A tag that is a part of the total in a filing. Found from the other parts, which are few.
  select distinct s.filing, s.period, s.unit, t.tag_no
  from (select m.tag_no, unnest(m.part_beside) as beside from tags m) t
  join sides s on s.tag = t.beside
), largest as (
  -- The largest revenue of a filing for a period.
  select f.filing, f.line, max(f.value) as value
  from facts f
  join tags m using (tag_no)
  where m.item = 'revenue'
    and m.tag <> 'RevenueFromContractWithCustomerIncludingAssessedTax'
  group by f.filing, f.line
), weighed as (
  -- A fact, with whether it is the total that other lines add up to, and whether it may be a part.
  select f.*,
    t.filing is not null as is_total,
    t.filing is null and (p.filing is not null or coalesce(f.value < 0.9 * n.value, false)) as may_be_part
  from facts f
  left join largest n on n.filing = f.filing and n.line = f.line
  left join totals t
    on t.filing = f.filing and t.period = f.period and t.unit = f.unit and t.value = f.value
    and f.item_no = (select distinct m.item_no from tags m where m.item = 'revenue')
  left join parts p
    on p.filing = f.filing and p.period = f.period and p.unit = f.unit and p.tag_no = f.tag_no
), of_filings as materialized (
  -- The fact that a filing gives for an item and period: the tier decides, then the priority, unless the
  -- other lines add up to another tag of revenue.
  select distinct on (w.line, w.filing) w.*
  from weighed w
  order by w.line, w.filing, w.tier, w.is_total desc, w.rank
), longer as materialized (
  -- A quarter that is the difference of two periods, and what the filing of the longer one gives. The filer
  -- is in the condition since filers share their days: each step joins within a filer.
  select q.*, o.filed, o.first_date, o.may_be_part, o.is_rescaled
  from quarters q
  join of_filings o
    on o.cik = q.cik and o.accession = q.accession and o.tag_no = q.tag_no and o.unit = q.unit
    and o.period_end = q.period_end and o.first_date < q.period_start
  where q.method <> 'reported'
), differences as materialized (
  -- Its tag is the one that both of its filings give.
  select q.tag_no, q.tier, q.rank, q.known_from, q.known_to, q.value * q.sign as value, q.reason,
    q.method, q.accession, q.filed, q.may_be_part or s.may_be_part as may_be_part,
    q.is_rescaled or s.is_rescaled as is_rescaled,
    p.period, l.line,
    - dense_rank() over (order by l.line, q.tag_no, q.accession, q.method) as source
  from longer q
  join of_filings s
    on s.cik = q.cik and s.accession = q.subtracted_accession and s.tag_no = q.tag_no and s.unit = q.unit
    and s.period_end = q.period_start - 1 and s.first_date = q.first_date
  join periods p on p.cik = q.cik and p.first_date = q.period_start and p.period_end = q.period_end
  join lines l on l.period = p.period and l.item_no = q.item_no and l.unit = q.unit
), days as materialized (
  -- A day on which an item of a period may change, until the next such day.
  select d.period, d.day, lead(d.day, 1, 'infinity') over (partition by d.period order by d.day) as day_to
  from (
    select o.period, o.filed as day from of_filings o
    union
    select q.period, q.known_from from differences q
    union
    select q.period, q.known_to from differences q where q.known_to < 'infinity'
    union
    select o.period, t.day
    from of_filings o
    join count_doubts c on c.cik = o.cik and c.accession = o.accession and c.value = o.value
    cross join unnest(array[c.day_from, c.day_to]) t (day)
    where o.is_count
      and t.day < 'infinity'
  ) d
), choices as materialized (
  -- On each day the fact of the newest filing of the best tier. A fact that may be a part of the total comes
  -- last.
  select distinct on (o.line, d.day)
    o.line, d.day, d.day_to, o.fact_no, o.period, o.filing, o.tier, o.may_be_part, o.has_share_basis, o.value,
    o.cik, o.accession, o.is_count, o.is_rescaled
  from days d
  join of_filings o on o.period = d.period and o.filed <= d.day
  order by o.line, d.day, o.tier, o.may_be_part, o.filing desc
), bases as (
  -- Values per share and share counts of a period are on the basis of the newest filing that reports any of
  -- them …
  select c.period, c.day, max(c.filing) as filing
  from choices c
  where c.has_share_basis
  group by c.period, c.day
), alike as (
  -- … and a value of an older filing is used only when both filings report some such value alike: then no
  -- split lies between them.
  select distinct o.period, o.filing, n.filing as basis_filing
  from facts n
  join facts o
    on o.period = n.period and o.tag_no = n.tag_no and o.unit = n.unit and o.value = n.value
  where n.has_share_basis
    and n.value <> 0
), based as (
  select c.*,
    not c.has_share_basis or c.filing = b.filing or o.filing is not null as is_on_basis,
    case when c.is_rescaled then 'out_of_scale' else x.reason end as doubt
  from choices c
  left join bases b on c.has_share_basis and b.period = c.period and b.day = c.day
  left join alike o on o.period = c.period and o.filing = c.filing and o.basis_filing = b.filing
  left join count_doubts x
    on c.is_count and x.cik = c.cik and x.accession = c.accession and x.value = c.value
    and c.day >= x.day_from and c.day < x.day_to
), derived as (
  -- On each day the best difference for a quarter.
  select distinct on (q.line, d.day) q.*, d.day, d.day_to
  from differences q
  join days d on d.period = q.period and d.day >= q.known_from and d.day < q.known_to
  order by q.line, d.day, q.value is null, q.tier, q.may_be_part, q.known_from desc, q.rank
), better as materialized (
  -- A difference for a quarter that no filing reports, or only with a tag of a lower tier.
  select d.*, c.line is not null as replaces
  from derived d
  left join choices c on c.line = d.line and c.day = d.day
  where c.line is null
    or (d.value is not null and not d.may_be_part and (d.tier < c.tier or c.may_be_part))
), rows as (
  -- An item of a period on a day.
  select b.line, b.day, b.day_to, b.fact_no as source,
    case when b.is_on_basis and not b.may_be_part and b.doubt is null then b.value end as value,
    case
      when b.may_be_part then 'may_be_a_part'
      when not b.is_on_basis then 'share_basis_may_differ'
      else b.doubt
    end as reason
  from based b
  where not exists (
    select
    from better d
    where d.replaces
      and d.line = b.line
      and d.day = b.day
  )
  union all
  select d.line, d.day, d.day_to, d.source,
    case when not d.may_be_part and not d.is_rescaled then d.value end,
    case
      when d.value is null then d.reason
      when d.may_be_part then 'may_be_a_part'
      when d.is_rescaled then 'out_of_scale'
    end
  from better d
), compared as (
  select r.*,
    lag(r.day_to) over by_day as ended_on,
    max(r.day_to) over (partition by r.line) as last_day_to,
    lag(r.day_to) over by_day is not distinct from r.day
      and lag(r.source) over by_day = r.source
      and lag(r.value) over by_day is not distinct from r.value
      and lag(r.reason) over by_day is not distinct from r.reason as is_same
  from rows r
  window by_day as (partition by r.line order by r.day)
), vintages as (
  select c.line, c.day as known_from, c.source, c.value, c.reason,
    lead(c.ended_on, 1, c.last_day_to) over by_day as known_to,
    min(c.day) filter (where c.value is not null) over by_day as first_known_on
  from compared c
  where not c.is_same
  window by_day as (partition by c.line order by c.day)
), sources as (
  select s.fact_no as source, s.tag_no, 'reported' as method, s.accession, s.filed
  from stated s
  union all
  select distinct d.source, d.tag_no, d.method, d.accession, d.filed
  from differences d
)
select p.cik, m.item,
  case
    when m.is_instant then 'instant'
    else stocks_research.period_kind(p.period_end - p.first_date + 1)
  end,
  nullif(p.first_date, '-infinity'), p.period_end, l.unit,
  v.known_from, nullif(v.known_to, 'infinity'),
  v.value, v.reason, m.taxonomy, m.tag, s.method, s.accession, s.filed,
  v.first_known_on,
  max(v.value) filter (where v.known_from = v.first_known_on) over (partition by v.line order by v.known_from)
from vintages v
join sources s using (source)
join tags m using (tag_no)
join lines l using (line)
join periods p using (period)
$$;
comment on function stocks_research.derive_standard_items(text[]) is
  'The rows of fundamentals_standard for these filers, computed from fundamentals_raw and '
  'fundamentals_derived.';
