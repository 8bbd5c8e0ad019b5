-- Items that are calculated from standard items: total debt, book equity, free cash flow and the like.
--
-- A calculated item is the sum of its components, and a component is the first of its choices whose parts
-- are all reported for the period. A part that is not reported is never taken for zero, unless lines of the
-- filer's own balance sheet add up to a total without it (proof_factor).

create view stocks_research.calculated_item_terms_v as
select i.item, i.component, t.choice, t.part, t.factor, t.proof_factor, t.proof_tolerance, t.presence,
  t.part_tags
from (
  values
    ('working_capital', 'working capital'),
    ('short_term_debt', 'short-term debt'),
    ('total_debt', 'debt'),
    ('free_cash_flow', 'free cash flow'),
    ('ebitda', 'ebitda'),
    ('book_equity', 'equity of the parent'),
    ('book_equity', 'preferred stock'),
    ('book_equity_with_deferred_taxes', 'equity of the parent'),
    ('book_equity_with_deferred_taxes', 'preferred stock'),
    ('book_equity_with_deferred_taxes', 'deferred taxes')
) as i (item, component)
join (
  values
    ('working capital', 1, 'current_assets', 1, 0, 0.00, 'needed', null::text[]),
    ('working capital', 1, 'current_liabilities', -1, 0, 0, 'needed', null),
    ('free cash flow', 1, 'operating_cash_flow', 1, 0, 0, 'needed', null),
    ('free cash flow', 1, 'capital_expenditure', -1, 0, 0, 'needed', null),
    ('ebitda', 1, 'operating_income', 1, 0, 0, 'needed', null),
    ('ebitda', 1, 'depreciation_amortization', 1, 0, 0, 'needed', null),
    ('short-term debt', 1, 'debt_current', 1, 0, 0, 'needed', null),
    ('short-term debt', 2, 'short_term_borrowings', 1, 1, 0, 'optional', null),
    ('short-term debt', 2, 'long_term_debt_current', 1, 1, 0, 'optional', null),
    ('short-term debt', 3, 'short_term_borrowings', 1, 1, 0, 'optional', null),
    ('short-term debt', 3, 'long_term_debt_current', 1, 1, 0, 'optional', null),
    ('short-term debt', 4, 'short_term_borrowings', 1, 0, 0, 'needed', null),
    ('short-term debt', 4, 'long_term_debt_current', 1, 1, 0, 'needed', null),
    ('short-term debt', 4, 'long_term_debt_noncurrent', 0, 1, 0, 'needed', null),
    ('short-term debt', 4, 'long_term_debt', 0, -1, 0.05, 'needed', null),
    ('debt', 1, 'long_term_debt_noncurrent', 1, 0, 0, 'needed', null),
    ('debt', 1, 'debt_current', 1, 0, 0, 'needed', null),
    ('debt', 2, 'debt', 1, 0, 0, 'needed', null),
    ('debt', 3, 'long_term_debt_noncurrent', 1, 0, 0, 'needed', null),
    ('debt', 3, 'short_term_borrowings', 1, 1, 0, 'optional', null),
    ('debt', 3, 'long_term_debt_current', 1, 1, 0, 'optional', null),
    ('debt', 4, 'long_term_debt_noncurrent', 1, 0, 0, 'needed', null),
    ('debt', 4, 'short_term_borrowings', 1, 1, 0, 'optional', null),
    ('debt', 4, 'long_term_debt_current', 1, 1, 0, 'optional', null),
    -- Without that proof: short-term borrowings may include the part of long-term debt that falls due, and a
    -- note may state a part that the balance sheet has elsewhere. So long-term debt must be about the sum of
    -- its two parts: its principal is a little more than its carrying amount.
    ('debt', 5, 'short_term_borrowings', 1, 0, 0, 'needed', null),
    ('debt', 5, 'long_term_debt_current', 1, 1, 0, 'needed', null),
    ('debt', 5, 'long_term_debt_noncurrent', 1, 1, 0, 'needed', null),
    ('debt', 5, 'long_term_debt', 0, -1, 0.05, 'needed', null),
    -- No part of long-term debt falls due, or the filer states it in one line.
    ('debt', 6, 'short_term_borrowings', 1, 0, 0, 'needed', null),
    ('debt', 6, 'long_term_debt', 1, 1, 0, 'needed', null),
    ('debt', 6, 'long_term_debt_noncurrent', 0, -1, 0, 'needed', null),
    ('debt', 6, 'long_term_debt_current', 0, 0, 0, 'absent', null),
    ('debt', 7, 'short_term_borrowings', 1, 0, 0, 'needed', null),
    ('debt', 7, 'long_term_debt', 1, 0, 0, 'needed', null),
    ('debt', 7, 'long_term_debt_noncurrent', 0, 0, 0, 'absent', null),
    ('debt', 7, 'long_term_debt_current', 0, 0, 0, 'absent', null),
    -- The standard item may be the equity with minority interests: the tag tells them apart.
    ('equity of the parent', 1, 'equity', 1, 0, 0, 'needed',
      '{StockholdersEquity,EquityAttributableToOwnersOfParent}'),
    ('equity of the parent', 2, 'equity_with_minority', 1, 0, 0, 'needed', null),
    ('equity of the parent', 2, 'minority_interest', -1, 0, 0, 'needed', null),
    ('preferred stock', 1, 'preferred_stock_redemption', -1, 0, 0, 'needed', null),
    ('preferred stock', 2, 'preferred_stock_liquidation', -1, 0, 0, 'needed', null),
    ('preferred stock', 3, 'preferred_stock', -1, 0, 0, 'needed', null),
    -- There is none if the lines of common stock add up to the equity of the parent.
    ('preferred stock', 4, 'equity', 0, -1, 0, 'needed', '{StockholdersEquity}'),
    ('preferred stock', 4, 'common_stock', 0, 1, 0, 'needed', null),
    ('preferred stock', 4, 'retained_earnings', 0, 1, 0, 'needed', null),
    ('preferred stock', 4, 'additional_paid_in_capital', 0, 1, 0, 'optional', null),
    ('preferred stock', 4, 'accumulated_other_comprehensive_income', 0, 1, 0, 'optional', null),
    ('preferred stock', 4, 'treasury_stock', 0, -1, 0, 'optional', null),
    ('deferred taxes', 1, 'deferred_tax_liabilities', 1, 0, 0, 'needed', null),
    ('deferred taxes', 1, 'investment_tax_credit', 1, 0, 0, 'optional', null)
  union all
  -- The other lines of current liabilities: if they and the lines of debt add up to the total, they are all
  -- there is, and a line of debt that is not reported is zero.
  select c.component, c.choice, l.part, 0, l.proof_factor, 0, l.presence, null::text[]
  from (
    values
      ('short-term debt', 2, false),
      ('short-term debt', 3, true),
      ('debt', 3, false),
      ('debt', 4, true)
  ) as c (component, choice, has_more_lines)
  join (
    values
      ('current_liabilities', -1, 'needed', false),
      ('accounts_payable', 1, 'needed', false),
      ('accrued_liabilities', 1, 'optional', false),
      ('deferred_revenue_current', 1, 'optional', false),
      ('other_current_liabilities', 1, 'optional', false),
      ('employee_liabilities_current', 1, 'optional', true),
      ('income_taxes_payable', 1, 'optional', true),
      ('operating_lease_liabilities_current', 1, 'optional', true)
  ) as l (part, proof_factor, presence, is_more) on c.has_more_lines or not l.is_more
) as t (component, choice, part, factor, proof_factor, proof_tolerance, presence, part_tags)
  using (component);
comment on view stocks_research.calculated_item_terms_v is
  'How each calculated item is computed from standard items: the sum of its components, each the first of '
  'its choices whose parts are all reported for the period; a choice is the sum of factor times part.';
comment on column stocks_research.calculated_item_terms_v.item is 'The calculated item, e.g. total_debt.';
comment on column stocks_research.calculated_item_terms_v.component is
  'A summand of the item; every one is needed.';
comment on column stocks_research.calculated_item_terms_v.choice is
  'Of several ways to the component the lowest number is used that has all of its parts.';
comment on column stocks_research.calculated_item_terms_v.part is 'A standard item.';
comment on column stocks_research.calculated_item_terms_v.factor is
  '1 is added, -1 is subtracted, 0 is only part of the proof.';
comment on column stocks_research.calculated_item_terms_v.proof_factor is
  'Lines of the balance sheet with these factors must add up to zero; 0 is not part of a proof.';
comment on column stocks_research.calculated_item_terms_v.proof_tolerance is
  'The proof may miss zero by this ratio of the part.';
comment on column stocks_research.calculated_item_terms_v.presence is
  'needed: the choice has no value without the part. optional: it has. absent: it has none with the part.';
comment on column stocks_research.calculated_item_terms_v.part_tags is
  'Only a value of one of these tags is the part; null for any.';

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
  from stocks_research.calculated_item_terms_v t
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
  'Calculated items (calculated_item_terms_v) of every period of which a part was reported, as known at the '
  'end of the day as_of. value is null with a reason: part_not_filed (no choice has all of its parts; a part '
  'is not taken for zero), or the reason of the part. accession is the newest filing of a part, known_from '
  'its day, and first_known_on the first day on which every part of the value was known.';

create view stocks_research.calculated_items_v as
select c.cik, c.item, c.period_kind, c.period_start, c.period_end, c.unit, c.value, c.reason,
  c.accession, c.known_from, c.first_known_on
from stocks_research.calculated_items_as_of('infinity') c;
comment on view stocks_research.calculated_items_v is
  'Calculated items of every period, as known today. In a backtest, use calculated_items_as_of or '
  'fundamentals_panel.';
comment on column stocks_research.calculated_items_v.cik is 'SEC Central Index Key of the filer, ten digits.';
comment on column stocks_research.calculated_items_v.item is
  'The calculated item, see calculated_item_terms_v.';
comment on column stocks_research.calculated_items_v.period_kind is
  'quarter, half, nine_months or year by its days; instant for a balance.';
comment on column stocks_research.calculated_items_v.period_start is
  'First day of the period; null for an instant.';
comment on column stocks_research.calculated_items_v.period_end is 'Last day of the period, or the instant.';
comment on column stocks_research.calculated_items_v.unit is 'Currency of the parts.';
comment on column stocks_research.calculated_items_v.value is 'The value in unit; null with a reason.';
comment on column stocks_research.calculated_items_v.reason is
  'Why value is null: part_not_filed, or the reason of a part as in fundamentals_standard.';
comment on column stocks_research.calculated_items_v.accession is 'The newest filing of a part.';
comment on column stocks_research.calculated_items_v.known_from is
  'First day on which these vintages of the parts were known.';
comment on column stocks_research.calculated_items_v.first_known_on is
  'First day on which any value of each part was known.';
