-- 012 · Standard items.
--
-- Filers name one line of a statement by different tags, and change them over time. A small reviewed table
-- says which tags mean which item. Of several tags for one item and period the newest filing decides, and
-- inside it the priority: never the largest value, and never a tag that the filer has left.

create table stocks_research.standard_item_tags (
  item              text        not null check (item ~ '^[a-z_]+$'),
  taxonomy          text        not null check (taxonomy in ('us-gaap', 'ifrs-full', 'dei')),
  tag               text        not null,
  priority          integer     not null check (priority >= 1),
  value_kind        text        not null check (value_kind in ('amount', 'per_share', 'shares')),
  is_instant        boolean     not null,
  sign              integer     not null default 1 check (sign in (-1, 1)),
  note              text,
  primary key (item, taxonomy, tag),
  constraint standard_item_tags_one_item_a_tag unique (taxonomy, tag),
  constraint standard_item_tags_one_priority_a_tag unique (item, taxonomy, priority)
);
comment on table stocks_research.standard_item_tags is 'Which XBRL tags mean which standard item: reviewed by hand, part of the schema, changed by migrations alone.';
comment on column stocks_research.standard_item_tags.item is 'The standard item, e.g. revenue.';
comment on column stocks_research.standard_item_tags.taxonomy is 'XBRL taxonomy of the tag; us-gaap and dei are asked before ifrs-full.';
comment on column stocks_research.standard_item_tags.tag is 'XBRL element that states the item for the whole filer.';
comment on column stocks_research.standard_item_tags.priority is 'Of several tags in one filing the lowest number is taken.';
comment on column stocks_research.standard_item_tags.value_kind is 'amount: money. per_share: money per share. shares: a count of shares. The unit of a fact must fit.';
comment on column stocks_research.standard_item_tags.is_instant is 'True for a stock at the end of a day, false for a flow over a period.';
comment on column stocks_research.standard_item_tags.sign is 'What the filed value is multiplied with: -1 where the tag counts the other way round than the item.';
comment on column stocks_research.standard_item_tags.note is 'What a reader should know of this choice.';

insert into stocks_research.standard_item_tags (item, taxonomy, tag, priority, value_kind, is_instant, note) values
  -- Of banks and insurers the contract tags state a slice of the total, so totals come first.
  ('revenue', 'us-gaap', 'Revenues', 1, 'amount', false, 'The total line; asked first, since the contract tags leave out interest, premiums and leases.'),
  ('revenue', 'us-gaap', 'RevenuesNetOfInterestExpense', 2, 'amount', false, 'The total line of banks and brokers.'),
  ('revenue', 'us-gaap', 'RevenueFromContractWithCustomerExcludingAssessedTax', 3, 'amount', false, 'Since ASC 606 (2018).'),
  ('revenue', 'us-gaap', 'RevenueFromContractWithCustomerIncludingAssessedTax', 4, 'amount', false, 'Since ASC 606, with taxes that are passed on.'),
  ('revenue', 'us-gaap', 'SalesRevenueNet', 5, 'amount', false, 'Until ASC 606.'),
  ('revenue', 'us-gaap', 'SalesRevenueGoodsNet', 6, 'amount', false, 'Until ASC 606, where goods are all there is.'),
  ('revenue', 'us-gaap', 'SalesRevenueServicesNet', 7, 'amount', false, 'Until ASC 606, where services are all there is.'),
  ('revenue', 'us-gaap', 'RegulatedAndUnregulatedOperatingRevenue', 8, 'amount', false, 'Utilities.'),
  ('revenue', 'ifrs-full', 'Revenue', 1, 'amount', false, null),
  ('cost_of_revenue', 'us-gaap', 'CostOfRevenue', 1, 'amount', false, null),
  ('cost_of_revenue', 'us-gaap', 'CostOfGoodsAndServicesSold', 2, 'amount', false, null),
  ('cost_of_revenue', 'us-gaap', 'CostOfGoodsSold', 3, 'amount', false, 'Until 2018.'),
  ('cost_of_revenue', 'ifrs-full', 'CostOfSales', 1, 'amount', false, null),
  ('gross_profit', 'us-gaap', 'GrossProfit', 1, 'amount', false, null),
  ('gross_profit', 'ifrs-full', 'GrossProfit', 1, 'amount', false, null),
  ('research_and_development', 'us-gaap', 'ResearchAndDevelopmentExpense', 1, 'amount', false, null),
  ('research_and_development', 'us-gaap', 'ResearchAndDevelopmentExpenseExcludingAcquiredInProcessCost', 2, 'amount', false, null),
  ('research_and_development', 'ifrs-full', 'ResearchAndDevelopmentExpense', 1, 'amount', false, null),
  ('operating_income', 'us-gaap', 'OperatingIncomeLoss', 1, 'amount', false, null),
  ('operating_income', 'ifrs-full', 'ProfitLossFromOperatingActivities', 1, 'amount', false, null),
  ('income_tax', 'us-gaap', 'IncomeTaxExpenseBenefit', 1, 'amount', false, 'Positive for an expense.'),
  ('income_tax', 'ifrs-full', 'IncomeTaxExpenseContinuingOperations', 1, 'amount', false, 'Positive for an expense.'),
  ('net_income', 'us-gaap', 'NetIncomeLoss', 1, 'amount', false, 'Of the parent, without minority interests.'),
  ('net_income', 'us-gaap', 'ProfitLoss', 2, 'amount', false, 'With minority interests; where the filer states no other.'),
  ('net_income', 'ifrs-full', 'ProfitLossAttributableToOwnersOfParent', 1, 'amount', false, null),
  ('net_income', 'ifrs-full', 'ProfitLoss', 2, 'amount', false, 'With minority interests.'),
  ('eps_basic', 'us-gaap', 'EarningsPerShareBasic', 1, 'per_share', false, null),
  ('eps_basic', 'us-gaap', 'EarningsPerShareBasicAndDiluted', 2, 'per_share', false, 'One figure for both.'),
  ('eps_basic', 'ifrs-full', 'BasicEarningsLossPerShare', 1, 'per_share', false, null),
  ('eps_diluted', 'us-gaap', 'EarningsPerShareDiluted', 1, 'per_share', false, null),
  ('eps_diluted', 'ifrs-full', 'DilutedEarningsLossPerShare', 1, 'per_share', false, null),
  ('shares_basic', 'us-gaap', 'WeightedAverageNumberOfSharesOutstandingBasic', 1, 'shares', false, 'Weighted average of the period.'),
  ('shares_basic', 'us-gaap', 'WeightedAverageNumberOfShareOutstandingBasicAndDiluted', 2, 'shares', false, 'One figure for both.'),
  ('shares_basic', 'ifrs-full', 'WeightedAverageShares', 1, 'shares', false, 'Weighted average of the period.'),
  ('shares_diluted', 'us-gaap', 'WeightedAverageNumberOfDilutedSharesOutstanding', 1, 'shares', false, 'Weighted average of the period.'),
  ('shares_diluted', 'ifrs-full', 'AdjustedWeightedAverageShares', 1, 'shares', false, 'Weighted average of the period.'),
  ('operating_cash_flow', 'us-gaap', 'NetCashProvidedByUsedInOperatingActivities', 1, 'amount', false, null),
  ('operating_cash_flow', 'us-gaap', 'NetCashProvidedByUsedInOperatingActivitiesContinuingOperations', 2, 'amount', false, 'Where the filer states no total, e.g. Apple in 2014 to 2017.'),
  ('operating_cash_flow', 'ifrs-full', 'CashFlowsFromUsedInOperatingActivities', 1, 'amount', false, null),
  ('investing_cash_flow', 'us-gaap', 'NetCashProvidedByUsedInInvestingActivities', 1, 'amount', false, null),
  ('investing_cash_flow', 'us-gaap', 'NetCashProvidedByUsedInInvestingActivitiesContinuingOperations', 2, 'amount', false, null),
  ('investing_cash_flow', 'ifrs-full', 'CashFlowsFromUsedInInvestingActivities', 1, 'amount', false, null),
  ('financing_cash_flow', 'us-gaap', 'NetCashProvidedByUsedInFinancingActivities', 1, 'amount', false, null),
  ('financing_cash_flow', 'us-gaap', 'NetCashProvidedByUsedInFinancingActivitiesContinuingOperations', 2, 'amount', false, null),
  ('financing_cash_flow', 'ifrs-full', 'CashFlowsFromUsedInFinancingActivities', 1, 'amount', false, null),
  ('capital_expenditure', 'us-gaap', 'PaymentsToAcquirePropertyPlantAndEquipment', 1, 'amount', false, 'Positive for cash spent.'),
  ('capital_expenditure', 'us-gaap', 'PaymentsToAcquireProductiveAssets', 2, 'amount', false, 'Positive for cash spent; with intangible assets at some filers.'),
  ('capital_expenditure', 'ifrs-full', 'PurchaseOfPropertyPlantAndEquipmentClassifiedAsInvestingActivities', 1, 'amount', false, 'Positive for cash spent.'),
  ('dividends_paid', 'us-gaap', 'PaymentsOfDividends', 1, 'amount', false, 'Positive for cash paid; preferred and minority dividends included.'),
  ('dividends_paid', 'us-gaap', 'PaymentsOfDividendsCommonStock', 2, 'amount', false, 'Positive for cash paid.'),
  ('dividends_paid', 'ifrs-full', 'DividendsPaidClassifiedAsFinancingActivities', 1, 'amount', false, 'Positive for cash paid.'),
  ('dividends_per_share', 'us-gaap', 'CommonStockDividendsPerShareDeclared', 1, 'per_share', false, 'Declared in the period.'),
  ('dividends_per_share', 'us-gaap', 'CommonStockDividendsPerShareCashPaid', 2, 'per_share', false, 'Paid in the period; where the filer does not state what it declared.'),
  ('assets', 'us-gaap', 'Assets', 1, 'amount', true, null),
  ('assets', 'ifrs-full', 'Assets', 1, 'amount', true, null),
  ('current_assets', 'us-gaap', 'AssetsCurrent', 1, 'amount', true, null),
  ('current_assets', 'ifrs-full', 'CurrentAssets', 1, 'amount', true, null),
  ('cash', 'us-gaap', 'CashAndCashEquivalentsAtCarryingValue', 1, 'amount', true, 'Without restricted cash.'),
  ('cash', 'us-gaap', 'CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents', 2, 'amount', true, 'With restricted cash; where the filer states no other.'),
  ('cash', 'ifrs-full', 'CashAndCashEquivalents', 1, 'amount', true, null),
  ('liabilities', 'us-gaap', 'Liabilities', 1, 'amount', true, 'Many filers state no total. It is not derived: what stands between liabilities and equity differs.'),
  ('liabilities', 'ifrs-full', 'Liabilities', 1, 'amount', true, null),
  ('current_liabilities', 'us-gaap', 'LiabilitiesCurrent', 1, 'amount', true, null),
  ('current_liabilities', 'ifrs-full', 'CurrentLiabilities', 1, 'amount', true, null),
  ('equity', 'us-gaap', 'StockholdersEquity', 1, 'amount', true, 'Of the parent, without minority interests.'),
  ('equity', 'us-gaap', 'StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest', 2, 'amount', true, 'With minority interests; where the filer states no other.'),
  ('equity', 'ifrs-full', 'EquityAttributableToOwnersOfParent', 1, 'amount', true, null),
  ('equity', 'ifrs-full', 'Equity', 2, 'amount', true, 'With minority interests.'),
  ('shares_outstanding', 'dei', 'EntityCommonStockSharesOutstanding', 1, 'shares', true, 'From the cover, on a day of its own shortly before the filing. Filers with several classes state it by class, and then not here.'),
  ('shares_outstanding', 'us-gaap', 'CommonStockSharesOutstanding', 2, 'shares', true, 'On the day of the balance sheet.'),
  ('shares_outstanding', 'ifrs-full', 'NumberOfSharesOutstanding', 1, 'shares', true, null);

create function stocks_research.fundamentals_standard_as_of(as_of date, ciks text[] default null)
returns table (
  cik text, item text, period_kind text, period_start date, period_end date, unit text, value numeric, taxonomy text, tag text,
  method text, accession text, known_from date, reason text)
language sql stable parallel safe set search_path = pg_catalog set enable_nestloop = off set jit = off set work_mem = '64MB' as $$
with facts as materialized (
  select f.cik, m.item, m.value_kind, m.is_instant, m.priority + case m.taxonomy when 'ifrs-full' then 100 else 0 end as priority,
    f.taxonomy, f.tag, f.unit, f.period_start, f.period_end, f.value * m.sign as value, f.accession, f.form, f.filed,
    coalesce(f.period_start, '-infinity') as first_date, m.value_kind <> 'amount' and not m.is_instant as has_share_basis,
    case when m.is_instant then 'instant'
      when d.days between 80 and 100 then 'quarter' when d.days between 170 and 195 then 'half'
      when d.days between 260 and 290 then 'nine_months' when d.days between 350 and 378 then 'year' end as period_kind
  from stocks_research.standard_item_tags m
  join stocks_research.fundamentals_raw f using (taxonomy, tag)
  cross join lateral (select f.period_end - f.period_start + 1 as days) d
  where f.filed <= $1 and ($2 is null or f.cik = any ($2)) and stocks_research.is_periodic_report(f.form) and f.filed >= f.period_end
    and m.is_instant = (f.period_start is null)
    and f.unit ~ case m.value_kind when 'amount' then '^[A-Z]{3}$' when 'per_share' then '^[A-Z]{3}/shares$' else '^shares$' end
    and (m.is_instant or d.days between 80 and 100 or d.days between 170 and 195 or d.days between 260 and 290 or d.days between 350 and 378)
), totals as (
  -- What a filing's own gross profit and cost add up to.
  select g.cik, g.accession, g.unit, g.first_date, g.period_end, g.value + c.value as value
  from facts g
  join facts c using (cik, accession, unit, first_date, period_end)
  where g.item = 'gross_profit' and c.item = 'cost_of_revenue'
), newest as (
  -- The newest filing that states the item for the period, whatever the tag.
  select distinct on (f.cik, f.item, f.unit, f.first_date, f.period_end) f.cik, f.item, f.unit, f.first_date, f.period_end, f.accession
  from facts f
  order by f.cik, f.item, f.unit, f.first_date, f.period_end, f.filed desc, f.form like '%/A' desc, f.accession desc
), choices as materialized (
  -- Inside that filing the priority decides, unless another tag of revenue is what gross profit and cost add
  -- up to.
  select distinct on (f.cik, f.item, f.unit, f.first_date, f.period_end) f.*
  from newest n
  join facts f using (cik, item, unit, first_date, period_end, accession)
  left join totals t on f.item = 'revenue' and t.cik = f.cik and t.accession = f.accession and t.unit = f.unit
    and t.first_date = f.first_date and t.period_end = f.period_end and t.value = f.value
  order by f.cik, f.item, f.unit, f.first_date, f.period_end, t.cik is null, f.priority
), bases as (
  -- Values per share and counts of shares of one period are on the basis of the newest filing that states any
  -- of them …
  select distinct on (c.cik, c.first_date, c.period_end) c.cik, c.first_date, c.period_end, c.accession as basis_accession
  from choices c where c.has_share_basis
  order by c.cik, c.first_date, c.period_end, c.filed desc, c.form like '%/A' desc, c.accession desc
), on_basis as (
  -- … and one from an older filing is taken only when both filings state some such value alike: then no split
  -- lies between them.
  select distinct o.cik, o.first_date, o.period_end, o.accession
  from bases b
  join facts n on n.cik = b.cik and n.first_date = b.first_date and n.period_end = b.period_end and n.accession = b.basis_accession and n.has_share_basis
  join facts o on o.cik = n.cik and o.taxonomy = n.taxonomy and o.tag = n.tag and o.unit = n.unit and o.first_date = n.first_date
    and o.period_end = n.period_end and o.value = n.value
  where n.value <> 0
), based as (
  select c.*, not c.has_share_basis or c.accession = b.basis_accession or o.accession is not null as is_on_basis
  from choices c
  left join bases b on b.cik = c.cik and b.first_date = c.first_date and b.period_end = c.period_end
  left join on_basis o on o.cik = c.cik and o.first_date = c.first_date and o.period_end = c.period_end and o.accession = c.accession
), quarters as (
  select distinct on (d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end) d.*, m.item, m.sign,
    m.priority + case m.taxonomy when 'ifrs-full' then 100 else 0 end as priority
  from stocks_research.standard_item_tags m
  join stocks_research.fundamentals_derived d using (taxonomy, tag)
  where d.known_from <= $1 and ($2 is null or d.cik = any ($2)) and not m.is_instant
    and d.unit ~ case m.value_kind when 'amount' then '^[A-Z]{3}$' when 'per_share' then '^[A-Z]{3}/shares$' else '^shares$' end
  order by d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end, d.known_from desc
), derived as (
  select distinct on (q.cik, q.item, q.unit, q.period_start, q.period_end) q.*
  from quarters q
  where q.method <> 'reported'
  order by q.cik, q.item, q.unit, q.period_start, q.period_end, q.value is null, q.known_from desc, q.priority
), stated as materialized (
  select b.cik, b.item, b.period_kind, b.period_start, b.period_end, b.unit, case when b.is_on_basis then b.value end as value, b.taxonomy, b.tag,
    'reported' as method, b.accession, b.filed as known_from, case when not b.is_on_basis then 'share_basis_may_differ' end as reason
  from based b
  union all
  select d.cik, d.item, 'quarter', d.period_start, d.period_end, d.unit, d.value * d.sign, d.taxonomy, d.tag, d.method, d.accession, d.known_from, d.reason
  from derived d
  where not exists (select from choices c where c.cik = d.cik and c.item = d.item and c.unit = d.unit
    and c.first_date = d.period_start and c.period_end = d.period_end)
), periods as (
  -- The periods and days for which a filer states results or a balance: for these every item has a row.
  select distinct s.cik, s.period_kind, s.period_start, s.period_end
  from stated s
  where s.item in ('net_income', 'assets') and s.period_kind in ('quarter', 'year', 'instant') and s.value is not null
), items as (
  select distinct m.item, m.is_instant from stocks_research.standard_item_tags m where m.item <> 'shares_outstanding'
)
select s.* from stated s
union all
select p.cik, i.item, p.period_kind, p.period_start, p.period_end, null, null, null, null, 'none', null, null, 'not_filed'
from periods p
join items i on i.is_instant = (p.period_kind = 'instant')
where not exists (select from stated s where s.cik = p.cik and s.item = i.item and s.period_end = p.period_end
  and coalesce(s.period_start, '-infinity') = coalesce(p.period_start, '-infinity'))
$$;
comment on function stocks_research.fundamentals_standard_as_of(date, text[]) is
'Standard items as they were known at the end of the day as_of, one row for each filer, item and period, the tag used beside the value. period_kind: quarter, half, nine_months, year, instant. method: reported, or how a quarter was derived. value is null with a reason: not_filed (no filing until then states the item for the period), not_additive (only longer periods state it), share_basis_may_differ (a split may lie between the filing and the newest one that states the period per share).';

create view stocks_research.fundamentals_standard_v as
select s.cik, s.item, s.period_kind, s.period_start, s.period_end, s.unit, s.value, s.taxonomy, s.tag, s.method, s.accession, s.known_from, s.reason
from stocks_research.fundamentals_standard_as_of('infinity') s;
comment on view stocks_research.fundamentals_standard_v is 'Standard items as known today; for a past day ask fundamentals_standard_as_of. Its values hold no look-ahead only in the function.';
comment on column stocks_research.fundamentals_standard_v.cik is 'SEC Central Index Key of the filer, ten digits.';
comment on column stocks_research.fundamentals_standard_v.item is 'The standard item, see standard_item_tags.';
comment on column stocks_research.fundamentals_standard_v.period_kind is 'quarter, half, nine_months or year by its days; instant for a balance.';
comment on column stocks_research.fundamentals_standard_v.period_start is 'First day of the period; null for an instant.';
comment on column stocks_research.fundamentals_standard_v.period_end is 'Last day of the period, or the instant.';
comment on column stocks_research.fundamentals_standard_v.unit is 'Unit as filed; null where nothing was.';
comment on column stocks_research.fundamentals_standard_v.value is 'The value in unit; null with a reason.';
comment on column stocks_research.fundamentals_standard_v.taxonomy is 'Taxonomy of the tag that was used.';
comment on column stocks_research.fundamentals_standard_v.tag is 'The tag that was used.';
comment on column stocks_research.fundamentals_standard_v.method is 'reported, or how the quarter was derived, as in fundamentals_derived; none where there is no value to read.';
comment on column stocks_research.fundamentals_standard_v.accession is 'Filing of the value, or of the longer period.';
comment on column stocks_research.fundamentals_standard_v.known_from is 'Day on which it was filed; of a derived quarter the day on which all of it was known.';
comment on column stocks_research.fundamentals_standard_v.reason is 'Why value is null: not_filed, not_additive or share_basis_may_differ.';
