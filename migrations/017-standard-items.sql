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
  'OperatingIncomeLoss',
  'CostsAndExpenses',
  'BenefitsLossesAndExpenses',
  'IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest'
])
$$;
comment on function stocks_research.standard_sum_tags() is
  'Tags whose sums show which tag of revenue is the total of a filing''s own lines.';
