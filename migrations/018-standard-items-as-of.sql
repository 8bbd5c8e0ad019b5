-- Standard items by filer, item, period and vintage: as they were known on a day, and today.

create table stocks_research.fundamentals_standard (
  cik                     text        not null check (cik ~ '^[0-9]{10}$'),
  item                    text        not null check (item ~ '^[a-z_]+$'),
  period_kind             text        not null check (period_kind in (
                            'quarter', 'half', 'nine_months', 'year', 'instant')),
  period_start            date,
  period_end              date        not null,
  unit                    text        not null,
  known_from              date        not null,
  known_to                date,
  value                   numeric,
  reason                  text        check (reason in (
                            'not_additive', 'share_basis_may_differ', 'may_be_a_part', 'out_of_scale',
                            'shares_in_thousands', 'shares_placeholder', 'shares_out_of_scale')),
  taxonomy                text        not null,
  tag                     text        not null,
  method                  text        not null check (method in (
                            'reported', 'year_less_nine_months', 'nine_months_less_half',
                            'half_less_quarter', 'none')),
  accession               text        not null,
  filed                   date        not null,
  first_known_on          date,
  first_value             numeric,
  constraint fundamentals_standard_key
    unique nulls not distinct (cik, item, period_end, period_start, unit, known_from),
  constraint fundamentals_standard_null_has_reason check ((value is null) = (reason is not null)),
  constraint fundamentals_standard_instant_has_no_start check (
    (period_kind = 'instant') = (period_start is null)
  ),
  constraint fundamentals_standard_valid_for_a_day check (known_from < known_to),
  constraint fundamentals_standard_first_before_now check (
    first_known_on <= known_from and (first_known_on is null) = (first_value is null)
  )
);
-- All filers of one item; the constraint is the index of one filer.
create index fundamentals_standard_by_item on stocks_research.fundamentals_standard (item, cik);
comment on table stocks_research.fundamentals_standard is
  'Standard items by filer, item, period and vintage. A row is what was known from known_from until the day '
  'before known_to. Derived from fundamentals_raw and fundamentals_derived. As of a day d: known_from <= d '
  'and (known_to is null or known_to > d).';
comment on column stocks_research.fundamentals_standard.cik is
  'SEC Central Index Key of the filer, ten digits.';
comment on column stocks_research.fundamentals_standard.item is 'The standard item, see standard_item_tags.';
comment on column stocks_research.fundamentals_standard.period_kind is
  'quarter, half, nine_months or year by its days; instant for a balance.';
comment on column stocks_research.fundamentals_standard.period_start is
  'First day of the period; null for an instant.';
comment on column stocks_research.fundamentals_standard.period_end is
  'Last day of the period, or the instant.';
comment on column stocks_research.fundamentals_standard.unit is 'Unit as filed.';
comment on column stocks_research.fundamentals_standard.known_from is
  'First day on which this vintage was known. A later filing that repeats the value begins a new vintage: '
  'the day on which a value was first known is first_known_on.';
comment on column stocks_research.fundamentals_standard.known_to is
  'First day on which it was no longer valid; null when it still is.';
comment on column stocks_research.fundamentals_standard.value is 'The value in unit; null with a reason.';
comment on column stocks_research.fundamentals_standard.reason is
  'Why value is null: not_additive (only longer periods report it), share_basis_may_differ (a split may lie '
  'between the filing and the newest one that reports the period per share), may_be_a_part (the only tags '
  'that report it may omit a part of the total); or the doubt about the filed value: out_of_scale (about a '
  'thousand or a million times, or a part of, what the filing before states for the period), '
  'shares_in_thousands, shares_placeholder and shares_out_of_scale (see doubtful_counts). A doubt that only '
  'later filings raise begins a vintage of its own.';
comment on column stocks_research.fundamentals_standard.taxonomy is 'Taxonomy of the tag that was used.';
comment on column stocks_research.fundamentals_standard.tag is 'The tag that was used.';
comment on column stocks_research.fundamentals_standard.method is
  'reported, or how the quarter was derived, as in fundamentals_derived; none when it cannot be.';
comment on column stocks_research.fundamentals_standard.accession is
  'Filing of the value, or of the longer period.';
comment on column stocks_research.fundamentals_standard.filed is 'Filing date of accession.';
comment on column stocks_research.fundamentals_standard.first_known_on is
  'First day on which any value of this item and period was known, as known on known_from; null when none '
  'was.';
comment on column stocks_research.fundamentals_standard.first_value is
  'The value of first_known_on, on the share basis of that day.';

select ingestion.watch_table('stocks_research.fundamentals_standard');
select ingestion.version_table('stocks_research.fundamentals_standard', 'cik');

-- Without a setting of its own this function is planned inside the query that calls it, so that a filter on
-- the filer or the item reaches the index.
create function stocks_research.fundamentals_standard_as_of(as_of date, ciks text[] default null)
returns table (
  cik text, item text,
  period_kind text, period_start date, period_end date,
  unit text, value numeric, taxonomy text, tag text,
  method text, accession text, known_from date, reason text,
  filed date, first_known_on date, first_value numeric
)
language sql stable parallel safe
as $$
select s.cik, s.item, s.period_kind, s.period_start, s.period_end, s.unit, s.value,
  s.taxonomy, s.tag, s.method, s.accession, s.known_from, s.reason,
  s.filed, s.first_known_on, s.first_value
from stocks_research.fundamentals_standard s
where s.known_from <= $1
  and (s.known_to is null or s.known_to > $1)
  and ($2 is null or s.cik = any ($2))
union all
-- A period or day for which a filer reports results or a balance: for these every item has a row.
select p.cik, i.item, p.period_kind, p.period_start, p.period_end, null, null,
  null, null, 'none', null, null, 'not_filed',
  null, null, null
from (
  select distinct s.cik, s.period_kind, s.period_start, s.period_end
  from stocks_research.fundamentals_standard s
  where s.known_from <= $1
    and (s.known_to is null or s.known_to > $1)
    and ($2 is null or s.cik = any ($2))
    and s.item in ('net_income', 'assets')
    and s.period_kind in ('quarter', 'year', 'instant')
    and s.value is not null
) p
join (
  select distinct m.item, m.is_instant
  from stocks_research.standard_item_tags m
  where m.item <> 'shares_outstanding'
) i on i.is_instant = (p.period_kind = 'instant')
where not exists (
  select
  from stocks_research.fundamentals_standard s
  where s.known_from <= $1
    and (s.known_to is null or s.known_to > $1)
    -- Also where the planner reads the table once for all periods, it reads these filers alone.
    and ($2 is null or s.cik = any ($2))
    and s.cik = p.cik
    and s.item = i.item
    and s.period_end = p.period_end
    and coalesce(s.period_start, '-infinity') = coalesce(p.period_start, '-infinity')
)
$$;
comment on function stocks_research.fundamentals_standard_as_of(date, text[]) is
  'Standard items as they were known at the end of the day as_of, one row for each filer, item and period, '
  'with the tag used. Columns as in fundamentals_standard; besides, value is null with the reason not_filed '
  'where no filing until then reports the item for a period of which it reports results or a balance.';

create view stocks_research.fundamentals_standard_v as
select s.cik, s.item, s.period_kind, s.period_start, s.period_end, s.unit, s.value,
  s.taxonomy, s.tag, s.method, s.accession, s.known_from, s.reason,
  s.filed, s.first_known_on, s.first_value
from stocks_research.fundamentals_standard_as_of('infinity') s;
comment on view stocks_research.fundamentals_standard_v is
  'Standard items as known today. known_from is the day of the newest vintage, first_known_on the day on '
  'which the item was first known: a filter on either does not replace fundamentals_standard_as_of.';
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
  'First day on which this vintage was known; null for not_filed.';
comment on column stocks_research.fundamentals_standard_v.reason is
  'Why value is null: not_filed, or as in fundamentals_standard.';
comment on column stocks_research.fundamentals_standard_v.filed is 'Filing date of accession.';
comment on column stocks_research.fundamentals_standard_v.first_known_on is
  'First day on which any value of this item and period was known.';
comment on column stocks_research.fundamentals_standard_v.first_value is
  'The value of first_known_on, on the share basis of that day.';
