-- Items that are calculated from standard items: total debt, book equity, free cash flow and the like.
--
-- A calculated item is the sum of its components, and a component is the first of its choices whose parts
-- are all reported for the period. A part that is not reported is never taken for zero, unless lines of the
-- filer's own balance sheet add up to a total without it (proof_factor).
-- data: calculated-item-terms.csv -> stocks_research.calculated_item_terms

create table stocks_research.calculated_item_terms (
  item            text    not null check (item ~ '^[a-z_]+$'),
  component       text    not null,
  choice          integer not null check (choice >= 1),
  part            text    not null check (part ~ '^[a-z_]+$'),
  factor          integer not null check (factor in (-1, 0, 1)),
  proof_factor    integer not null check (proof_factor in (-1, 0, 1)),
  proof_tolerance numeric not null check (proof_tolerance >= 0 and proof_tolerance < 1),
  presence        text    not null check (presence in ('needed', 'optional', 'absent')),
  part_tags       text[],
  note            text,
  primary key (item, component, choice, part)
);
comment on table stocks_research.calculated_item_terms is
  'How each calculated item is computed from standard items: the sum of its components, each the first of '
  'its choices whose parts are all reported for the period; a choice is the sum of factor times part.';
comment on column stocks_research.calculated_item_terms.item is 'The calculated item, e.g. total_debt.';
comment on column stocks_research.calculated_item_terms.component is
  'A summand of the item; every one is needed.';
comment on column stocks_research.calculated_item_terms.choice is
  'Of several ways to the component the lowest number is used that has all of its parts.';
comment on column stocks_research.calculated_item_terms.part is 'A standard item.';
comment on column stocks_research.calculated_item_terms.factor is
  '1 is added, -1 is subtracted, 0 is only part of the proof.';
comment on column stocks_research.calculated_item_terms.proof_factor is
  'Lines of the balance sheet with these factors must add up to zero; 0 is not part of a proof.';
comment on column stocks_research.calculated_item_terms.proof_tolerance is
  'The proof may miss zero by this ratio of the part.';
comment on column stocks_research.calculated_item_terms.presence is
  'needed: the choice has no value without the part. optional: it has. absent: it has none with the part.';
comment on column stocks_research.calculated_item_terms.part_tags is
  'Only a value of one of these tags is the part; null for any.';
comment on column stocks_research.calculated_item_terms.note is 'Why the choice gives the component.';

create function stocks_research.calculated_items_of(
  days date[], items text[], ciks text[], currency text, is_newest_only boolean
)
returns table (
  as_of date, cik text, item text,
  period_kind text, period_start date, period_end date,
  unit text, value numeric, reason text,
  ttm_value numeric, ttm_reason text,
  accession text, known_from date, first_known_on date
)
language sql stable parallel safe
set search_path = pg_catalog
set jit = off
as $$
with terms as materialized (
  select t.*
  from stocks_research.calculated_item_terms t
  where $2 is null or t.item = any ($2)
), parts as materialized (
  -- The newest quarter or balance of each part on each day, or all of its periods.
  select p.as_of as day, p.cik, p.item as part, p.period_kind, p.period_start, p.period_end, p.unit, p.value,
    p.reason, p.ttm_value, p.ttm_reason, p.tag, p.accession, p.known_from, p.first_known_on
  from stocks_research.standard_items_panel($1, array(select distinct t.part from terms t), $3, $4) p
  where $5
  union all
  select d.day, s.cik, s.item, s.period_kind, s.period_start, s.period_end, s.unit, s.value,
    s.reason, null, null, s.tag, s.accession, s.known_from, s.first_known_on
  from (select distinct day from unnest($1) u (day)) d
  join (
    -- In two parts, so that filers are read from an index.
    select f.*
    from stocks_research.fundamentals_standard f
    where f.cik = any ($3)
      and not $5
    union all
    select f.*
    from stocks_research.fundamentals_standard f
    where $3 is null
      and not $5
  ) s
    on s.known_from <= d.day
    and (s.known_to is null or s.known_to > d.day)
  where s.item = any (array(select distinct t.part from terms t))
), items as materialized (
  -- An item of a period and unit of which a part is reported.
  select row_number() over () as no, i.*
  from (
    select distinct p.day, p.cik, t.item, p.period_kind, p.period_start, p.period_end, p.unit
    from parts p
    join (select distinct item, part from terms) t using (part)
  ) i
), newest as materialized (
  -- A part of an older period is not a part of the newest one.
  select n.*
  from (
    select i.*,
      dense_rank() over (
        partition by i.day, i.cik, i.item order by i.period_end desc, i.period_start desc
      ) as age
    from items i
  ) n
  where n.age = 1 or not $5
), choices as (
  select n.no, t.component, t.choice,
    bool_and(
      case t.presence
        when 'needed' then p.cik is not null
        when 'absent' then p.cik is null
        else true
      end
    ) as is_reported,
    coalesce(bool_and(p.value is not null) filter (where p.cik is not null), false) as has_values,
    coalesce(abs(sum(t.proof_factor * p.value)) <= sum(t.proof_tolerance * abs(p.value)), false) as is_proved,
    coalesce(sum(t.factor * p.value), 0) as value,
    min(p.reason) as reason,
    bool_and(p.ttm_value is not null) filter (where p.cik is not null) as is_ttm_known,
    sum(t.factor * p.ttm_value) as ttm_value,
    min(p.ttm_reason) as ttm_reason,
    max(array[p.known_from::text, p.accession]) filter (where p.cik is not null) as newest_filing,
    max(p.known_from) as known_from,
    max(p.first_known_on) as first_known_on
  from newest n
  join terms t using (item)
  left join parts p
    on p.day = n.day
    and p.cik = n.cik
    and p.part = t.part
    and p.unit = n.unit
    and p.period_end = n.period_end
    and coalesce(p.period_start, '-infinity') = coalesce(n.period_start, '-infinity')
    and (t.part_tags is null or p.tag = any (t.part_tags))
  group by n.no, t.component, t.choice
), judged as (
  select c.*, c.is_reported and c.has_values and c.is_proved as has_value,
    case
      when c.is_reported and not c.has_values then c.reason
      when not (c.is_reported and c.is_proved) then 'part_not_filed'
    end as reason_of_null
  from choices c
), components as (
  -- The first choice that has a value; without one, the reason of one whose parts are reported.
  select distinct on (j.no, j.component) j.*
  from judged j
  order by j.no, j.component, j.has_value desc, j.reason_of_null = 'part_not_filed', j.choice
), sums as (
  select c.no,
    bool_and(c.has_value) as has_value,
    sum(c.value) as value,
    (array_agg(c.reason_of_null order by c.component) filter (where not c.has_value))[1] as reason,
    bool_and(c.is_ttm_known) as is_ttm_known,
    sum(c.ttm_value) as ttm_value,
    min(c.ttm_reason) as ttm_reason,
    max(c.newest_filing) as newest_filing,
    max(c.known_from) as known_from,
    max(c.first_known_on) as first_known_on
  from components c
  group by c.no
), chosen as (
  -- A newest period in several units: the one with a value.
  select distinct on (n.day, n.cik, n.item, case when not $5 then n.no end)
    n.day, n.cik, n.item, n.period_kind, n.period_start, n.period_end, n.unit, s.*
  from newest n
  join sums s using (no)
  order by n.day, n.cik, n.item, case when not $5 then n.no end, s.has_value desc, n.unit
)
select c.day, c.cik, c.item, c.period_kind, c.period_start, c.period_end, c.unit,
  case when c.has_value then c.value end,
  case when not c.has_value then c.reason end,
  case when c.has_value and c.period_kind = 'quarter' and c.is_ttm_known then c.ttm_value end,
  case
    when c.period_kind <> 'quarter' then 'not_additive'
    when not c.has_value then 'a_quarter_has_no_value'
    when not c.is_ttm_known then c.ttm_reason
  end,
  c.newest_filing[2], c.known_from, c.first_known_on
from chosen c
$$;
comment on function stocks_research.calculated_items_of(date[], text[], text[], text, boolean) is
  'Calculated items as known at the end of each day: of the newest quarter or balance with the sum of four '
  'quarters (fundamentals_panel), or of every period (calculated_items_as_of). Null items or filers: all.';

create function stocks_research.calculated_items_as_of(as_of date, ciks text[] default null)
returns table (
  cik text, item text,
  period_kind text, period_start date, period_end date,
  unit text, value numeric, reason text,
  accession text, known_from date, first_known_on date
)
language sql stable parallel safe
as $$
select c.cik, c.item, c.period_kind, c.period_start, c.period_end, c.unit, c.value, c.reason,
  c.accession, c.known_from, c.first_known_on
from stocks_research.calculated_items_of(array[$1], null, $2, null, false) c
$$;
comment on function stocks_research.calculated_items_as_of(date, text[]) is
  'Calculated items (calculated_item_terms) of every period of which a part was reported, as known at the '
  'end of the day as_of. value is null with a reason: part_not_filed (no choice has all of its parts; a part '
  'is not taken for zero), or the reason of the part. accession is the newest filing of a part, known_from '
  'its day, and first_known_on the first day on which every part of the value was known.';
