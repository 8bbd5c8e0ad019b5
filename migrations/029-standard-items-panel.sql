-- Standard items on many days in one call. Research asks fundamentals_panel, which has calculated items too.

create function stocks_research.standard_items_panel(
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
with units as (
  -- A unit that a filer uses for an item, with the day on which it was first known, and the first period of
  -- that day: a convenience translation of one year begins later than the currency of the statements.
  select s.cik, s.item, s.unit,
    min(array[s.known_from, s.period_end]) as first_used,
    coalesce(bool_or(s.reason = 'out_of_scale'), false) as has_doubts,
    $4 is not null and s.unit ~ '^[A-Z]{3}(/shares)?$' and left(s.unit, 3) <> $4 as is_other_currency
  from (
    -- In two parts, so that filers are read from an index whether or not the plan knows that there are any.
    select f.cik, f.item, f.unit, f.known_from, f.period_end, f.reason
    from stocks_research.fundamentals_standard f
    where f.item = any ($2)
      and f.cik = any ($3)
    union all
    select f.cik, f.item, f.unit, f.known_from, f.period_end, f.reason
    from stocks_research.fundamentals_standard f
    where f.item = any ($2)
      and $3 is null
  ) s
  group by s.cik, s.item, s.unit
), newest_of_units as (
  -- The newest quarter or balance of each item that was known on the day, also when its value is null.
  select d.day, u.first_used, u.has_doubts, u.is_other_currency, s.*
  from units u
  cross join (select distinct day from unnest($1) u (day)) d
  cross join lateral (
    -- The index gives the newest end of a period at once; a sort by more would read all periods.
    select s.period_end
    from stocks_research.fundamentals_standard s
    where s.cik = u.cik
      and s.item = u.item
      and s.unit = u.unit
      and s.period_end <= d.day
      and s.known_from <= d.day
      and (s.known_to is null or s.known_to > d.day)
      and s.period_kind in ('quarter', 'instant')
    order by s.period_end desc
    limit 1
  ) e
  cross join lateral (
    select s.*
    from stocks_research.fundamentals_standard s
    where s.cik = u.cik
      and s.item = u.item
      and s.unit = u.unit
      and s.period_end = e.period_end
      and s.known_from <= d.day
      and (s.known_to is null or s.known_to > d.day)
      and s.period_kind in ('quarter', 'instant')
    order by s.value is null, s.period_start desc
    limit 1
  ) s
), newest as (
  -- Of several units the one of the currency that is asked for, then of the newest period.
  select distinct on (n.day, n.cik, n.item) n.*
  from newest_of_units n
  order by n.day, n.cik, n.item, n.is_other_currency, n.period_end desc, n.value is null,
    n.period_start desc, n.first_used, n.unit
)
select n.day, n.cik, n.item, n.period_kind, n.period_start, n.period_end, n.unit,
  case when not n.is_other_currency then n.value end,
  case when n.is_other_currency then 'other_currency' else n.reason end,
  case
    when d.is_in_doubt then null
    when y.is_on_one_basis then y.ttm_value
    else t.ttm_value * m.sign
  end,
  case
    when n.is_other_currency then 'other_currency'
    when n.period_kind = 'instant' then 'not_additive'
    when d.is_in_doubt then 'a_quarter_has_no_value'
    when y.is_on_one_basis then null
    when not y.is_on_one_basis then 'basis_may_differ'
    when t.cik is null then 'fewer_than_four_quarters'
    else t.ttm_reason
  end,
  n.tag, n.accession, n.known_from, n.first_known_on
from newest n
join stocks_research.standard_item_tags m
  on m.item = n.item and m.taxonomy = n.taxonomy and m.tag = n.tag
left join lateral (
  select q.*
  from stocks_research.fundamentals_derived q
  where n.period_kind = 'quarter'
    and not n.is_other_currency
    and n.value is not null
    and q.cik = n.cik and q.taxonomy = n.taxonomy and q.tag = n.tag and q.unit = n.unit
    and q.period_start = n.period_start and q.period_end = n.period_end
    and q.known_from <= n.day
  order by q.known_from desc
  limit 1
) t on true
left join lateral (
  -- A filer that has changed the tag has no four quarters of one tag. With tags of one tier, which mean the
  -- same, they are the year before, plus the year to date, less the same months of the year before. Neither
  -- may have been restated: then the rest of the year may be on another basis.
  select u.value + e.value - l.value as ttm_value,
    u.value = u.first_value and l.value = l.first_value as is_on_one_basis
  from stocks_research.fundamentals_standard e
  join stocks_research.standard_item_tags em
    on em.item = e.item and em.taxonomy = e.taxonomy and em.tag = e.tag
  join stocks_research.fundamentals_standard u
    on u.cik = e.cik and u.item = e.item and u.unit = e.unit and u.period_end = e.period_start - 1
  join stocks_research.standard_item_tags um
    on um.item = u.item and um.taxonomy = u.taxonomy and um.tag = u.tag
  join stocks_research.fundamentals_standard l
    on l.cik = e.cik and l.item = e.item and l.unit = e.unit and l.period_kind = e.period_kind
    and l.period_start = u.period_start
    and l.period_end between (e.period_end - interval '1 year')::date - 10
      and (e.period_end - interval '1 year')::date + 10
  join stocks_research.standard_item_tags lm
    on lm.item = l.item and lm.taxonomy = l.taxonomy and lm.tag = l.tag
  where n.period_kind = 'quarter'
    and not n.is_other_currency
    and n.value is not null
    and m.value_kind = 'amount'
    and coalesce(t.ttm_reason, 'fewer_than_four_quarters') = 'fewer_than_four_quarters'
    and t.ttm_value is null
    and e.cik = n.cik
    and e.item = n.item
    and e.unit = n.unit
    and e.period_end = n.period_end
    and e.period_kind in ('quarter', 'half', 'nine_months')
    and u.period_kind = 'year'
    and u.tag <> n.tag
    and (em.taxonomy, em.tier) = (m.taxonomy, m.tier)
    and (um.taxonomy, um.tier) = (m.taxonomy, m.tier)
    and (lm.taxonomy, lm.tier) = (m.taxonomy, m.tier)
    and e.value is not null
    and u.value is not null
    and l.value is not null
    and e.known_from <= n.day
    and u.known_from <= n.day
    and l.known_from <= n.day
    and (e.known_to is null or e.known_to > n.day)
    and (u.known_to is null or u.known_to > n.day)
    and (l.known_to is null or l.known_to > n.day)
  order by e.period_start, u.period_start desc, l.period_end desc
  limit 1
) y on true
cross join lateral (
  -- Quarters are summed as filed; standard items know that one of them is out of scale. Few filers have such
  -- a quarter. `offset 0` keeps PostgreSQL from asking once for each column that uses the answer.
  select n.has_doubts and n.period_kind = 'quarter' and exists (
    select
    from stocks_research.fundamentals_standard s
    where s.cik = n.cik
      and s.item = n.item
      and s.unit = n.unit
      and s.period_kind = 'quarter'
      and s.reason = 'out_of_scale'
      and s.period_end between n.period_end - 300 and n.period_end
      and s.known_from <= n.day
      and (s.known_to is null or s.known_to > n.day)
  ) as is_in_doubt
  offset 0
) d
$$;
comment on function stocks_research.standard_items_panel(date[], text[], text[], text) is
  'fundamentals_panel for standard items alone.';
