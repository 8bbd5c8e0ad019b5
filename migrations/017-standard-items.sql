-- Standard items.
--
-- Filers name one line of a statement by different tags, and change them over time. A small reviewed table
-- says which tags mean which item.
--
-- Tags are in tiers. The tags of one tier are names of one thing, which a filer may change: of these the
-- newest filing decides, and inside it the priority. A lower tier is another thing: a cash flow statement
-- repeats cash with restricted cash, a statement of equity repeats net income with minority interests. It is
-- used only where no filing states the first. A tag that names a part of a total beside its other parts gives
-- no total.
--
-- data: standard-item-tags.csv -> stocks_research.standard_item_tags

create table stocks_research.standard_item_tags (
  item              text        not null check (item ~ '^[a-z_]+$'),
  taxonomy          text        not null check (taxonomy in ('us-gaap', 'ifrs-full', 'dei')),
  tag               text        not null,
  priority          integer     not null check (priority >= 1),
  value_kind        text        not null check (value_kind in ('amount', 'per_share', 'shares')),
  is_instant        boolean     not null,
  sign              integer     not null default 1 check (sign in (-1, 1)),
  note              text,
  tier              integer     not null default 1 check (tier >= 1),
  part_beside       text[],
  primary key (item, taxonomy, tag),
  constraint standard_item_tags_one_priority_a_tag unique (item, taxonomy, priority)
);
comment on table stocks_research.standard_item_tags is
  'Which XBRL tags mean which standard item: reviewed by hand, part of the schema, changed by migrations '
  'only.';
comment on column stocks_research.standard_item_tags.item is 'The standard item, e.g. revenue.';
comment on column stocks_research.standard_item_tags.taxonomy is
  'XBRL taxonomy of the tag; us-gaap and dei are used before ifrs-full.';
comment on column stocks_research.standard_item_tags.tag is
  'XBRL element that reports the item for the whole filer.';
comment on column stocks_research.standard_item_tags.priority is
  'Of several tags of a tier in one filing, the lowest number is used.';
comment on column stocks_research.standard_item_tags.value_kind is
  'amount: money. per_share: money per share. shares: a count of shares. The unit of a fact must fit.';
comment on column stocks_research.standard_item_tags.is_instant is
  'True for a balance at the end of a day, false for a flow over a period.';
comment on column stocks_research.standard_item_tags.sign is
  'The filed value is multiplied with it: -1 when the tag has the opposite sign of the item.';
comment on column stocks_research.standard_item_tags.note is
  'Why the tag means the item, and what it includes.';
comment on column stocks_research.standard_item_tags.tier is
  'Tags of one tier name the same thing, and the newest filing decides among them. Tags of a higher number '
  'mean something similar, and are used only when no filing until then reports the item for the period with '
  'a lower one.';
comment on column stocks_research.standard_item_tags.part_beside is
  'Tags that show this tag to be a part of the total, when the same filing reports one of them for the '
  'period. The item is then null, unless the lines of the filing add up to it.';

create function stocks_research.standard_sum_tags() returns table (tag text)
language sql immutable parallel safe
as $$
select unnest(array[
  'GrossProfit',
  'CostOfRevenue',
  'CostOfGoodsAndServicesSold',
  'CostOfGoodsSold',
  'CostOfSales',
  'OperatingIncomeLoss',
  'CostsAndExpenses',
  'BenefitsLossesAndExpenses',
  'IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest'
])
$$;
comment on function stocks_research.standard_sum_tags() is
  'Tags whose sums show which tag of revenue is the total of a filing''s own lines.';

create function stocks_research.is_scale_apart(value numeric, other numeric) returns boolean
language sql immutable parallel safe
as $$
select case
  when $1 * $2 > 0 and (abs($1) > 900 * abs($2) or abs($2) > 900 * abs($1))
    then abs(abs(log($1 / $2)) - 3) < 0.02 or abs(abs(log($1 / $2)) - 6) < 0.02
  else false
end
$$;
comment on function stocks_research.is_scale_apart(numeric, numeric) is
  'True when one value is about a thousand or a million times the other, of the same sign.';

-- A count is compared with the largest count of each filing within 400 days. That of its own filing decides
-- alone. One other filing may itself be wrong: three filings that agree outweigh it.
create function stocks_research.doubtful_counts(ciks text[])
returns table (cik text, accession text, value numeric, day_from date, day_to date, reason text)
language sql stable parallel safe
set search_path = pg_catalog
set enable_nestloop = off
set enable_mergejoin = off
set jit = off
as $$
with counts as materialized (
  select distinct f.cik, f.accession, f.filed, f.value
  from stocks_research.fundamentals_raw f
  where f.cik = any ($1)
    and f.unit = 'shares'
    and f.tag in (select m.tag from stocks_research.standard_item_tags m where m.value_kind = 'shares')
    and stocks_research.is_periodic_report(f.form)
), largest as materialized (
  select c.cik, c.accession, c.filed, max(c.value) as value
  from counts c
  group by c.cik, c.accession, c.filed
), periods as (
  -- Income, earnings per share and shares of a period in one filing.
  select f.cik, f.accession,
    array_agg(f.value) filter (where f.tag = 'EarningsPerShareDiluted' and abs(f.value) >= 0.02) as earnings,
    array_agg(f.value) filter (
      where f.tag = 'WeightedAverageNumberOfDilutedSharesOutstanding' and f.value > 0) as shares,
    array_agg(f.value) filter (where f.tag = 'NetIncomeLoss') as income
  from stocks_research.fundamentals_raw f
  where f.cik = any ($1)
    and f.taxonomy = 'us-gaap'
    and f.period_start is not null
    and f.tag in (
      'EarningsPerShareDiluted', 'WeightedAverageNumberOfDilutedSharesOutstanding', 'NetIncomeLoss')
    and stocks_research.is_periodic_report(f.form)
  group by f.cik, f.accession, f.period_start, f.period_end
), too_small as (
  -- The largest average of a filing that is a thousandth or a millionth of income by earnings per share. As
  -- in the check shares-in-thousands.
  select p.cik, p.accession, max(w) as value
  from periods p
  cross join unnest(p.earnings) e
  cross join unnest(p.shares) w
  cross join unnest(p.income) n
  where case
    when n * e > 0 and abs(n) > 500 * abs(e) * w
      then abs(log(n / e / w) - 3) < 0.2 or abs(log(n / e / w) - 6) < 0.2
    else false
  end
  group by p.cik, p.accession
), looks as (
  -- How many filings are above, below and alike, by the day from which both filings are known.
  select c.cik, c.accession, c.value, greatest(c.filed, o.filed) as day,
    count(*) filter (where o.value > 100 * c.value and o.accession = c.accession) as own_above,
    count(*) filter (where o.value > 100 * c.value) as above,
    count(*) filter (where 100 * o.value < c.value) as below,
    count(*) filter (where o.value <= 100 * c.value and 100 * o.value >= c.value) as alike
  from counts c
  join largest o on o.cik = c.cik and o.filed between c.filed - 400 and c.filed + 400
  group by c.cik, c.accession, c.value, greatest(c.filed, o.filed)
), known as (
  select l.cik, l.accession, l.value, l.day,
    sum(l.own_above) over by_day as own_above,
    sum(l.above) over by_day as above,
    sum(l.below) over by_day as below,
    sum(l.alike) over by_day as alike
  from looks l
  window by_day as (partition by l.cik, l.accession, l.value order by l.day)
), judged as (
  select k.cik, k.accession, k.value, k.day,
    case
      when t.value is not null then 'shares_in_thousands'
      when k.own_above > 0 then 'shares_placeholder'
      when k.above >= 2 or (k.above = 1 and k.alike < 3) then 'shares_out_of_scale'
      when k.below >= 3 and k.alike = 1 then 'shares_out_of_scale'
    end as reason
  from known k
  left join too_small t on t.cik = k.cik and t.accession = k.accession and k.value < 100 * t.value
), compared as (
  select j.*, lag(j.reason) over (partition by j.cik, j.accession, j.value order by j.day) as reason_before
  from judged j
), turns as (
  select c.*,
    lead(c.day, 1, 'infinity') over (partition by c.cik, c.accession, c.value order by c.day) as day_to
  from compared c
  where c.reason is distinct from c.reason_before
)
select t.cik, t.accession, t.value, t.day, t.day_to, t.reason
from turns t
where t.reason is not null
$$;
comment on function stocks_research.doubtful_counts(text[]) is
  'Counts of shares of these filers that are in doubt, by the filing that states them, from day_from until '
  'the day before day_to, by what was known then. shares_in_thousands: income by earnings per share is about '
  '1000 or 1,000,000 times the average shares of the filing. shares_placeholder: less than a hundredth of '
  'another count of the same filing. shares_out_of_scale: less than a hundredth of the counts of other '
  'filings within 400 days, or, alone, more than a hundred times them.';
