-- Standard items as they were known on a day, and today.

create function stocks_research.fundamentals_standard_as_of(as_of date, ciks text[] default null)
returns table (
  cik text, item text,
  period_kind text, period_start date, period_end date,
  unit text, value numeric, taxonomy text, tag text,
  method text, accession text, known_from date, reason text
)
language sql stable parallel safe
set search_path = pg_catalog
set enable_nestloop = off
set enable_mergejoin = off
set jit = off
set work_mem = '64MB'
as $$
with facts as materialized (
  -- A fact whose tag means a standard item.
  select f.cik, m.item, m.value_kind, m.is_instant, m.tier,
    m.priority + case m.taxonomy when 'ifrs-full' then 100 else 0 end as priority,
    f.taxonomy, f.tag, f.unit, f.period_start, f.period_end, f.value * m.sign as value,
    f.accession, f.form, f.filed,
    coalesce(f.period_start, '-infinity') as first_date,
    m.value_kind <> 'amount' and not m.is_instant as has_share_basis,
    case when m.is_instant then 'instant' else d.period_kind end as period_kind
  from stocks_research.standard_item_tags m
  join stocks_research.fundamentals_raw f using (taxonomy, tag)
  cross join lateral (
    select stocks_research.period_kind(f.period_end - f.period_start + 1) as period_kind
  ) d
  where f.filed <= $1
    and ($2 is null or f.cik = any ($2))
    and stocks_research.is_periodic_report(f.form)
    and f.filed >= f.period_end
    and m.is_instant = (f.period_start is null)
    and f.unit ~ case m.value_kind
      when 'amount' then '^[A-Z]{3}$'
      when 'per_share' then '^[A-Z]{3}/shares$'
      else '^shares$'
    end
    and (m.is_instant or d.period_kind is not null)
), sides as materialized (
  -- Lines that show whether a revenue is the total or a part of it. They are compared by filing and period.
  select f.cik, f.accession, f.tag, f.unit, f.period_start as first_date, f.period_end, f.value
  from stocks_research.fundamentals_raw f
  where f.taxonomy = 'us-gaap'
    and f.filed <= $1
    and ($2 is null or f.cik = any ($2))
    and f.period_start is not null
    and f.value <> 0
    and f.tag in (
      select s.tag from stocks_research.standard_sum_tags() s
      union
      select unnest(t.part_beside) from stocks_research.standard_item_tags t
    )
), totals as (
  -- What two lines of a filing add up to: gross profit and cost, or income and all costs.
  select distinct a.cik, a.accession, a.unit, a.first_date, a.period_end, a.value + b.value as value
  from (
    values
      ('GrossProfit', 'CostOfRevenue'),
      ('GrossProfit', 'CostOfGoodsAndServicesSold'),
      ('GrossProfit', 'CostOfGoodsSold'),
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
  join sides b
    on b.tag = p.other and b.cik = a.cik
    and b.accession = a.accession and b.unit = a.unit and b.first_date = a.first_date
    and b.period_end = a.period_end
), parts as (
  -- A tag that is a part of the total in a filing. Found from the other parts, which are few.
  select distinct s.cik, s.accession, t.item, t.tag, s.unit, s.first_date, s.period_end
  from (
    select m.item, m.tag, unnest(m.part_beside) as beside
    from stocks_research.standard_item_tags m
  ) t
  join sides s on s.tag = t.beside
), weighed as (
  -- A fact, with whether it is the total that other lines add up to, and whether it may be a part.
  select f.*,
    t.cik is not null as is_total,
    t.cik is null and (
      p.cik is not null
      or (
        f.item = 'revenue'
        and coalesce(
          f.value < 0.9 * max(f.value)
            filter (where f.tag <> 'RevenueFromContractWithCustomerIncludingAssessedTax')
            over (partition by f.cik, f.accession, f.item, f.unit, f.first_date, f.period_end),
          false
        )
      )
    ) as may_be_part
  from facts f
  left join totals t
    on f.item = 'revenue' and t.cik = f.cik and t.accession = f.accession and t.unit = f.unit
    and t.first_date = f.first_date and t.period_end = f.period_end
    and t.value = f.value
  left join parts p
    on p.cik = f.cik and p.accession = f.accession and p.item = f.item and p.tag = f.tag
    and p.unit = f.unit and p.first_date = f.first_date and p.period_end = f.period_end
), of_filings as materialized (
  -- The fact that a filing gives for an item and period: the tier decides, then the priority, unless the
  -- other lines add up to another tag of revenue.
  select distinct on (w.cik, w.item, w.unit, w.first_date, w.period_end, w.accession) w.*
  from weighed w
  order by w.cik, w.item, w.unit, w.first_date, w.period_end, w.accession,
    w.tier, w.is_total desc, w.priority
), choices as materialized (
  -- The fact of the newest filing of the best tier. A fact that may be a part of the total comes last.
  select distinct on (o.cik, o.item, o.unit, o.first_date, o.period_end) o.*
  from of_filings o
  order by o.cik, o.item, o.unit, o.first_date, o.period_end,
    o.tier, o.may_be_part, o.filed desc, o.form like '%/A' desc, o.accession desc
), bases as (
  -- Values per share and share counts of a period are on the basis of the newest filing that reports any of
  -- them …
  select distinct on (c.cik, c.first_date, c.period_end)
    c.cik, c.first_date, c.period_end, c.accession as basis_accession
  from choices c
  where c.has_share_basis
  order by c.cik, c.first_date, c.period_end, c.filed desc, c.form like '%/A' desc, c.accession desc
), on_basis as (
  -- … and a value of an older filing is used only when both filings report some such value alike: then no
  -- split lies between them.
  select distinct o.cik, o.first_date, o.period_end, o.accession
  from bases b
  join facts n
    on n.cik = b.cik and n.first_date = b.first_date and n.period_end = b.period_end
    and n.accession = b.basis_accession
    and n.has_share_basis
  join facts o
    on o.cik = n.cik and o.taxonomy = n.taxonomy and o.tag = n.tag and o.unit = n.unit
    and o.first_date = n.first_date and o.period_end = n.period_end and o.value = n.value
  where n.value <> 0
), based as (
  select c.*,
    not c.has_share_basis or c.accession = b.basis_accession or o.accession is not null as is_on_basis
  from choices c
  left join bases b
    on b.cik = c.cik and b.first_date = c.first_date and b.period_end = c.period_end
  left join on_basis o
    on o.cik = c.cik and o.first_date = c.first_date and o.period_end = c.period_end
    and o.accession = c.accession
), quarters as (
  -- A quarter of fundamentals_derived as known on the day, for each item that its tag means.
  select distinct on (m.item, d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end)
    d.*, m.item, m.sign, m.tier,
    m.priority + case m.taxonomy when 'ifrs-full' then 100 else 0 end as priority
  from stocks_research.standard_item_tags m
  join stocks_research.fundamentals_derived d using (taxonomy, tag)
  where d.known_from <= $1
    and ($2 is null or d.cik = any ($2))
    and not m.is_instant
    and d.unit ~ case m.value_kind
      when 'amount' then '^[A-Z]{3}$'
      when 'per_share' then '^[A-Z]{3}/shares$'
      else '^shares$'
    end
  order by m.item, d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end, d.known_from desc
), derived as (
  -- A difference of two periods; its tag is the one that both of its filings give.
  select distinct on (q.cik, q.item, q.unit, q.period_start, q.period_end)
    q.*, l.may_be_part or s.may_be_part as may_be_part
  from quarters q
  join of_filings l
    on l.cik = q.cik and l.item = q.item and l.tag = q.tag and l.unit = q.unit
    and l.accession = q.accession and l.period_end = q.period_end and l.first_date < q.period_start
  join of_filings s
    on s.cik = q.cik and s.item = q.item and s.tag = q.tag and s.unit = q.unit
    and s.accession = q.subtracted_accession and s.period_end = q.period_start - 1
    and s.first_date = l.first_date
  where q.method <> 'reported'
  order by q.cik, q.item, q.unit, q.period_start, q.period_end,
    q.value is null, q.tier, l.may_be_part or s.may_be_part, q.known_from desc, q.priority
), better as (
  -- A difference for a quarter that no filing reports, or only with a tag of a lower tier.
  select d.*, c.cik is not null as replaces
  from derived d
  left join choices c
    on c.cik = d.cik and c.item = d.item and c.unit = d.unit and c.first_date = d.period_start
    and c.period_end = d.period_end
  where c.cik is null
    or (d.value is not null and not d.may_be_part and (d.tier < c.tier or c.may_be_part))
), stated as materialized (
  -- A row of the result that some filing gives.
  select b.cik, b.item, b.period_kind, b.period_start, b.period_end, b.unit,
    case when b.is_on_basis and not b.may_be_part then b.value end as value,
    b.taxonomy, b.tag, 'reported' as method, b.accession, b.filed as known_from,
    case
      when b.may_be_part then 'may_be_a_part'
      when not b.is_on_basis then 'share_basis_may_differ'
    end as reason
  from based b
  where not exists (
    select
    from better d
    where d.replaces
      and d.cik = b.cik
      and d.item = b.item
      and d.unit = b.unit
      and d.period_start = b.first_date
      and d.period_end = b.period_end
  )
  union all
  select d.cik, d.item, 'quarter', d.period_start, d.period_end, d.unit,
    case when not d.may_be_part then d.value * d.sign end,
    d.taxonomy, d.tag, d.method, d.accession, d.known_from,
    case
      when d.value is null then d.reason
      when d.may_be_part then 'may_be_a_part'
    end
  from better d
), periods as (
  -- A period or day for which a filer reports results or a balance: for these every item has a row.
  select distinct s.cik, s.period_kind, s.period_start, s.period_end
  from stated s
  where s.item in ('net_income', 'assets')
    and s.period_kind in ('quarter', 'year', 'instant')
    and s.value is not null
), items as (
  select distinct m.item, m.is_instant
  from stocks_research.standard_item_tags m
  where m.item <> 'shares_outstanding'
)
select s.*
from stated s
union all
select p.cik, i.item, p.period_kind, p.period_start, p.period_end,
  null, null, null, null, 'none', null, null, 'not_filed'
from periods p
join items i on i.is_instant = (p.period_kind = 'instant')
where not exists (
  select
  from stated s
  where s.cik = p.cik
    and s.item = i.item
    and s.period_end = p.period_end
    and coalesce(s.period_start, '-infinity') = coalesce(p.period_start, '-infinity')
)
$$;
comment on function stocks_research.fundamentals_standard_as_of(date, text[]) is
  'Standard items as they were known at the end of the day as_of, one row for each filer, item and period, '
  'with the tag used. period_kind: quarter, half, nine_months, year, instant. method: reported, or how a '
  'quarter was derived. value is null with a reason: not_filed (no filing until then reports the item for '
  'the period), not_additive (only longer periods report it), share_basis_may_differ (a split may lie '
  'between the filing and the newest one that reports the period per share), may_be_a_part (the only tags '
  'that report it may omit a part of the total).';

create view stocks_research.fundamentals_standard_v as
select s.cik, s.item, s.period_kind, s.period_start, s.period_end, s.unit, s.value,
  s.taxonomy, s.tag, s.method, s.accession, s.known_from, s.reason
from stocks_research.fundamentals_standard_as_of('infinity') s;
comment on view stocks_research.fundamentals_standard_v is
  'Standard items as known today. For a past day use fundamentals_standard_as_of: only the function is free '
  'of look-ahead.';
comment on column stocks_research.fundamentals_standard_v.cik is
  'SEC Central Index Key of the filer, ten digits.';
comment on column stocks_research.fundamentals_standard_v.item is
  'The standard item, see standard_item_tags.';
comment on column stocks_research.fundamentals_standard_v.period_kind is
  'quarter, half, nine_months or year by its days; instant for a balance.';
comment on column stocks_research.fundamentals_standard_v.period_start is
  'First day of the period; null for an instant.';
comment on column stocks_research.fundamentals_standard_v.period_end is
  'Last day of the period, or the instant.';
comment on column stocks_research.fundamentals_standard_v.unit is
  'Unit as filed; null when nothing was filed.';
comment on column stocks_research.fundamentals_standard_v.value is 'The value in unit; null with a reason.';
comment on column stocks_research.fundamentals_standard_v.taxonomy is 'Taxonomy of the tag that was used.';
comment on column stocks_research.fundamentals_standard_v.tag is 'The tag that was used.';
comment on column stocks_research.fundamentals_standard_v.method is
  'reported, or how the quarter was derived, as in fundamentals_derived; none when there is no value.';
comment on column stocks_research.fundamentals_standard_v.accession is
  'Filing of the value, or of the longer period.';
comment on column stocks_research.fundamentals_standard_v.known_from is
  'Filing date; of a derived quarter the day on which all of it was known.';
comment on column stocks_research.fundamentals_standard_v.reason is
  'Why value is null: not_filed, not_additive, share_basis_may_differ or may_be_a_part.';
