-- 051 · Standard items: what another tag means, and more of them.
--
-- The newest filing chose among all tags of an item, also among those that mean something else: a cash flow
-- statement repeats cash with restricted cash, and a statement of equity net income with minority interests,
-- for days and periods whose proper line an older filing stated. Tags are now in tiers: of one tier are names
-- of one thing, which a filer may change; a lower tier is another thing, asked only where no filing states
-- the first. And a tag that names a part of a total beside its other parts gives no total.

alter table stocks_research.standard_item_tags
  drop constraint standard_item_tags_one_item_a_tag,
  add column tier integer not null default 1 check (tier >= 1),
  add column part_beside text[];
comment on column stocks_research.standard_item_tags.tier is 'Tags of one tier name the same thing, and the newest filing decides among them. Those of a higher number mean something near it, and are asked only where no filing until then states the item for the period by a lower one.';
comment on column stocks_research.standard_item_tags.part_beside is 'Tags that show this one to be a part of the total, when the same filing states one of them for the period. The item is then null, unless the lines of the filing add up to it.';
comment on column stocks_research.standard_item_tags.priority is 'Of several tags of a tier in one filing the lowest number is taken.';

truncate stocks_research.standard_item_tags;
insert into stocks_research.standard_item_tags (item, taxonomy, tag, tier, priority, value_kind, is_instant, part_beside, note) values
  ('revenue', 'us-gaap', 'Revenues', 1, 1, 'amount', false, null, 'The total line; asked first, since the contract tags leave out interest, premiums and leases.'),
  ('revenue', 'us-gaap', 'RevenuesNetOfInterestExpense', 1, 2, 'amount', false, null, 'The total line of banks and brokers.'),
  ('revenue', 'us-gaap', 'RegulatedAndUnregulatedOperatingRevenue', 1, 3, 'amount', false, null, 'The total line of utilities; their contract tags leave out alternative revenue programs.'),
  ('revenue', 'us-gaap', 'RealEstateRevenueNet', 1, 4, 'amount', false, null, 'The total line of property companies until 2018.'),
  ('revenue', 'us-gaap', 'HealthCareOrganizationRevenue', 1, 5, 'amount', false, null, 'The total line of hospitals until 2018.'),
  ('revenue', 'us-gaap', 'RevenueFromContractWithCustomerExcludingAssessedTax', 1, 6, 'amount', false, '{InterestAndDividendIncomeOperating,NoninterestIncome,PremiumsEarnedNet,RevenueNotFromContractWithCustomer,OperatingLeaseLeaseIncome,OperatingLeasesIncomeStatementLeaseRevenue}', 'Since ASC 606 (2018).'),
  ('revenue', 'us-gaap', 'RevenueFromContractWithCustomerIncludingAssessedTax', 1, 7, 'amount', false, '{InterestAndDividendIncomeOperating,NoninterestIncome,PremiumsEarnedNet,RevenueNotFromContractWithCustomer,OperatingLeaseLeaseIncome,OperatingLeasesIncomeStatementLeaseRevenue}', 'Since ASC 606, with taxes that are passed on.'),
  ('revenue', 'us-gaap', 'SalesRevenueNet', 1, 8, 'amount', false, null, 'Until ASC 606.'),
  ('revenue', 'us-gaap', 'SalesRevenueGoodsNet', 2, 9, 'amount', false, '{SalesRevenueServicesNet}', 'Until ASC 606, where goods are all there is.'),
  ('revenue', 'us-gaap', 'SalesRevenueServicesNet', 2, 10, 'amount', false, '{SalesRevenueGoodsNet}', 'Until ASC 606, where services are all there is.'),
  ('revenue', 'ifrs-full', 'Revenue', 1, 1, 'amount', false, null, null),
  ('cost_of_revenue', 'us-gaap', 'CostOfRevenue', 1, 1, 'amount', false, null, null),
  ('cost_of_revenue', 'us-gaap', 'CostOfGoodsAndServicesSold', 1, 2, 'amount', false, null, null),
  ('cost_of_revenue', 'us-gaap', 'CostOfGoodsSold', 2, 3, 'amount', false, '{CostOfServices}', 'Until 2018, where goods are all there is.'),
  ('cost_of_revenue', 'us-gaap', 'CostOfServices', 2, 4, 'amount', false, '{CostOfGoodsSold}', 'Until 2018, where services are all there is.'),
  ('cost_of_revenue', 'ifrs-full', 'CostOfSales', 1, 1, 'amount', false, null, null),
  ('gross_profit', 'us-gaap', 'GrossProfit', 1, 1, 'amount', false, null, 'As filed; never revenue less a cost, since filers draw the line elsewhere.'),
  ('gross_profit', 'ifrs-full', 'GrossProfit', 1, 1, 'amount', false, null, null),
  ('research_and_development', 'us-gaap', 'ResearchAndDevelopmentExpense', 1, 1, 'amount', false, null, null),
  ('research_and_development', 'us-gaap', 'ResearchAndDevelopmentExpenseExcludingAcquiredInProcessCost', 2, 2, 'amount', false, null, 'Where the filer states acquired in-process research apart.'),
  ('research_and_development', 'ifrs-full', 'ResearchAndDevelopmentExpense', 1, 1, 'amount', false, null, null),
  ('selling_general_administrative', 'us-gaap', 'SellingGeneralAndAdministrativeExpense', 1, 1, 'amount', false, null, 'One line; filers that split it state none.'),
  ('selling_general_administrative', 'ifrs-full', 'SellingGeneralAndAdministrativeExpense', 1, 1, 'amount', false, null, null),
  ('operating_income', 'us-gaap', 'OperatingIncomeLoss', 1, 1, 'amount', false, null, 'Banks and insurers state none.'),
  ('operating_income', 'ifrs-full', 'ProfitLossFromOperatingActivities', 1, 1, 'amount', false, null, null),
  ('interest_expense', 'us-gaap', 'InterestExpense', 1, 1, 'amount', false, null, 'Positive for an expense.'),
  ('interest_expense', 'us-gaap', 'InterestExpenseNonoperating', 1, 2, 'amount', false, null, 'Positive for an expense; since the taxonomy of 2023.'),
  ('interest_expense', 'ifrs-full', 'FinanceCosts', 1, 1, 'amount', false, null, 'Positive for an expense; more than interest at some filers.'),
  ('pretax_income', 'us-gaap', 'IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest', 1, 1, 'amount', false, null, 'Of continuing operations, before minority interests.'),
  ('pretax_income', 'us-gaap', 'IncomeLossFromContinuingOperationsBeforeIncomeTaxesMinorityInterestAndIncomeLossFromEquityMethodInvestments', 2, 2, 'amount', false, null, 'Before the share in equity-method investees; where the filer states no other.'),
  ('pretax_income', 'ifrs-full', 'ProfitLossBeforeTax', 1, 1, 'amount', false, null, null),
  ('income_tax', 'us-gaap', 'IncomeTaxExpenseBenefit', 1, 1, 'amount', false, null, 'Positive for an expense.'),
  ('income_tax', 'ifrs-full', 'IncomeTaxExpenseContinuingOperations', 1, 1, 'amount', false, null, 'Positive for an expense.'),
  ('net_income', 'us-gaap', 'NetIncomeLoss', 1, 1, 'amount', false, null, 'Of the parent, without minority interests, before preferred dividends.'),
  ('net_income', 'us-gaap', 'ProfitLoss', 2, 2, 'amount', false, null, 'With minority interests; where the filer states no other.'),
  ('net_income', 'ifrs-full', 'ProfitLossAttributableToOwnersOfParent', 1, 1, 'amount', false, null, null),
  ('net_income', 'ifrs-full', 'ProfitLoss', 2, 2, 'amount', false, null, 'With minority interests.'),
  ('net_income_common', 'us-gaap', 'NetIncomeLossAvailableToCommonStockholdersBasic', 1, 1, 'amount', false, null, 'After preferred dividends: what earnings per share divide.'),
  ('net_interest_income', 'us-gaap', 'InterestIncomeExpenseNet', 1, 1, 'amount', false, null, 'Of banks: interest income less interest expense, before provisions.'),
  ('noninterest_income', 'us-gaap', 'NoninterestIncome', 1, 1, 'amount', false, null, 'Of banks.'),
  ('premiums_earned', 'us-gaap', 'PremiumsEarnedNet', 1, 1, 'amount', false, null, 'Of insurers, net of reinsurance.'),
  ('eps_basic', 'us-gaap', 'EarningsPerShareBasic', 1, 1, 'per_share', false, null, null),
  ('eps_basic', 'us-gaap', 'EarningsPerShareBasicAndDiluted', 2, 2, 'per_share', false, null, 'One figure for both.'),
  ('eps_basic', 'ifrs-full', 'BasicEarningsLossPerShare', 1, 1, 'per_share', false, null, null),
  ('eps_diluted', 'us-gaap', 'EarningsPerShareDiluted', 1, 1, 'per_share', false, null, null),
  ('eps_diluted', 'us-gaap', 'EarningsPerShareBasicAndDiluted', 2, 2, 'per_share', false, null, 'One figure for both.'),
  ('eps_diluted', 'ifrs-full', 'DilutedEarningsLossPerShare', 1, 1, 'per_share', false, null, null),
  ('shares_basic', 'us-gaap', 'WeightedAverageNumberOfSharesOutstandingBasic', 1, 1, 'shares', false, null, 'Weighted average of the period.'),
  ('shares_basic', 'us-gaap', 'WeightedAverageNumberOfShareOutstandingBasicAndDiluted', 2, 2, 'shares', false, null, 'One figure for both.'),
  ('shares_basic', 'ifrs-full', 'WeightedAverageShares', 1, 1, 'shares', false, null, 'Weighted average of the period.'),
  ('shares_diluted', 'us-gaap', 'WeightedAverageNumberOfDilutedSharesOutstanding', 1, 1, 'shares', false, null, 'Weighted average of the period.'),
  ('shares_diluted', 'us-gaap', 'WeightedAverageNumberOfShareOutstandingBasicAndDiluted', 2, 2, 'shares', false, null, 'One figure for both.'),
  ('shares_diluted', 'ifrs-full', 'AdjustedWeightedAverageShares', 1, 1, 'shares', false, null, 'Weighted average of the period.'),
  ('operating_cash_flow', 'us-gaap', 'NetCashProvidedByUsedInOperatingActivities', 1, 1, 'amount', false, null, null),
  ('operating_cash_flow', 'us-gaap', 'NetCashProvidedByUsedInOperatingActivitiesContinuingOperations', 2, 2, 'amount', false, null, 'Where the filer states no total.'),
  ('operating_cash_flow', 'ifrs-full', 'CashFlowsFromUsedInOperatingActivities', 1, 1, 'amount', false, null, null),
  ('investing_cash_flow', 'us-gaap', 'NetCashProvidedByUsedInInvestingActivities', 1, 1, 'amount', false, null, null),
  ('investing_cash_flow', 'us-gaap', 'NetCashProvidedByUsedInInvestingActivitiesContinuingOperations', 2, 2, 'amount', false, null, 'Where the filer states no total.'),
  ('investing_cash_flow', 'ifrs-full', 'CashFlowsFromUsedInInvestingActivities', 1, 1, 'amount', false, null, null),
  ('financing_cash_flow', 'us-gaap', 'NetCashProvidedByUsedInFinancingActivities', 1, 1, 'amount', false, null, null),
  ('financing_cash_flow', 'us-gaap', 'NetCashProvidedByUsedInFinancingActivitiesContinuingOperations', 2, 2, 'amount', false, null, 'Where the filer states no total.'),
  ('financing_cash_flow', 'ifrs-full', 'CashFlowsFromUsedInFinancingActivities', 1, 1, 'amount', false, null, null),
  ('depreciation_amortization', 'us-gaap', 'DepreciationDepletionAndAmortization', 1, 1, 'amount', false, null, 'As the cash flow statement adds it back.'),
  ('depreciation_amortization', 'us-gaap', 'DepreciationAmortizationAndAccretionNet', 1, 2, 'amount', false, null, 'As the cash flow statement adds it back, with accretion.'),
  ('depreciation_amortization', 'us-gaap', 'DepreciationAndAmortization', 2, 3, 'amount', false, null, 'Where the filer states no other; without depletion, and at some filers an expense line alone.'),
  ('share_based_compensation', 'us-gaap', 'ShareBasedCompensation', 1, 1, 'amount', false, null, 'As the cash flow statement adds it back.'),
  ('capital_expenditure', 'us-gaap', 'PaymentsToAcquirePropertyPlantAndEquipment', 1, 1, 'amount', false, '{PaymentsToAcquireOilAndGasPropertyAndEquipment,PaymentsToAcquireOilAndGasProperty,PaymentsToExploreAndDevelopOilAndGasProperties}', 'Positive for cash spent.'),
  ('capital_expenditure', 'us-gaap', 'PaymentsToAcquireProductiveAssets', 1, 2, 'amount', false, null, 'Positive for cash spent; with intangible assets at some filers.'),
  ('capital_expenditure', 'ifrs-full', 'PurchaseOfPropertyPlantAndEquipmentClassifiedAsInvestingActivities', 1, 1, 'amount', false, null, 'Positive for cash spent.'),
  ('dividends_paid', 'us-gaap', 'PaymentsOfDividends', 1, 1, 'amount', false, null, 'Positive for cash paid; preferred and minority dividends included.'),
  ('dividends_paid', 'us-gaap', 'PaymentsOfDividendsCommonStock', 2, 2, 'amount', false, null, 'Positive for cash paid; where the filer states no total.'),
  ('dividends_paid', 'ifrs-full', 'DividendsPaidClassifiedAsFinancingActivities', 1, 1, 'amount', false, null, 'Positive for cash paid.'),
  ('dividends_per_share', 'us-gaap', 'CommonStockDividendsPerShareDeclared', 1, 1, 'per_share', false, null, 'Declared in the period.'),
  ('dividends_per_share', 'us-gaap', 'CommonStockDividendsPerShareCashPaid', 2, 2, 'per_share', false, null, 'Paid in the period; where the filer does not state what it declared.'),
  ('share_repurchases', 'us-gaap', 'PaymentsForRepurchaseOfCommonStock', 1, 1, 'amount', false, null, 'Positive for cash paid.'),
  ('share_repurchases', 'ifrs-full', 'PaymentsToAcquireOrRedeemEntitysShares', 1, 1, 'amount', false, null, 'Positive for cash paid.'),
  ('assets', 'us-gaap', 'Assets', 1, 1, 'amount', true, null, null),
  ('assets', 'ifrs-full', 'Assets', 1, 1, 'amount', true, null, null),
  ('current_assets', 'us-gaap', 'AssetsCurrent', 1, 1, 'amount', true, null, null),
  ('current_assets', 'ifrs-full', 'CurrentAssets', 1, 1, 'amount', true, null, null),
  ('cash', 'us-gaap', 'CashAndCashEquivalentsAtCarryingValue', 1, 1, 'amount', true, null, 'Without restricted cash: the line of the balance sheet.'),
  ('cash', 'us-gaap', 'CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents', 2, 2, 'amount', true, null, 'With restricted cash: the end of the cash flow statement; where the filer never stated the other for the day.'),
  ('cash', 'ifrs-full', 'CashAndCashEquivalents', 1, 1, 'amount', true, null, null),
  ('receivables', 'us-gaap', 'AccountsReceivableNetCurrent', 1, 1, 'amount', true, null, 'Of customers, net of allowances.'),
  ('receivables', 'us-gaap', 'ReceivablesNetCurrent', 2, 2, 'amount', true, null, 'With other receivables; where the filer states no other.'),
  ('inventory', 'us-gaap', 'InventoryNet', 1, 1, 'amount', true, null, null),
  ('inventory', 'ifrs-full', 'Inventories', 1, 1, 'amount', true, null, null),
  ('property_plant_equipment', 'us-gaap', 'PropertyPlantAndEquipmentNet', 1, 1, 'amount', true, null, 'Net of depreciation.'),
  ('property_plant_equipment', 'ifrs-full', 'PropertyPlantAndEquipment', 1, 1, 'amount', true, null, null),
  ('goodwill', 'us-gaap', 'Goodwill', 1, 1, 'amount', true, null, null),
  ('goodwill', 'ifrs-full', 'Goodwill', 1, 1, 'amount', true, null, null),
  ('liabilities', 'us-gaap', 'Liabilities', 1, 1, 'amount', true, null, 'Many filers state no total. It is not derived: what stands between liabilities and equity differs.'),
  ('liabilities', 'ifrs-full', 'Liabilities', 1, 1, 'amount', true, null, null),
  ('current_liabilities', 'us-gaap', 'LiabilitiesCurrent', 1, 1, 'amount', true, null, null),
  ('current_liabilities', 'ifrs-full', 'CurrentLiabilities', 1, 1, 'amount', true, null, null),
  ('short_term_borrowings', 'us-gaap', 'ShortTermBorrowings', 1, 1, 'amount', true, null, 'Without the part of long-term debt that falls due.'),
  ('long_term_debt_current', 'us-gaap', 'LongTermDebtCurrent', 1, 1, 'amount', true, null, 'The part that falls due within a year.'),
  ('long_term_debt_current', 'us-gaap', 'LongTermDebtAndCapitalLeaseObligationsCurrent', 2, 2, 'amount', true, null, 'With finance leases; where the filer states no other.'),
  ('long_term_debt_noncurrent', 'us-gaap', 'LongTermDebtNoncurrent', 1, 1, 'amount', true, null, 'Without the part that falls due within a year.'),
  ('long_term_debt_noncurrent', 'us-gaap', 'LongTermDebtAndCapitalLeaseObligations', 2, 2, 'amount', true, null, 'With finance leases; where the filer states no other.'),
  ('long_term_debt', 'us-gaap', 'LongTermDebt', 1, 1, 'amount', true, null, 'With the part that falls due within a year. The pieces are never summed: filers draw the lines elsewhere.'),
  ('equity', 'us-gaap', 'StockholdersEquity', 1, 1, 'amount', true, null, 'Of the parent, without minority interests.'),
  ('equity', 'us-gaap', 'StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest', 2, 2, 'amount', true, null, 'With minority interests; where the filer never stated the other for the day.'),
  ('equity', 'ifrs-full', 'EquityAttributableToOwnersOfParent', 1, 1, 'amount', true, null, null),
  ('equity', 'ifrs-full', 'Equity', 2, 2, 'amount', true, null, 'With minority interests.'),
  ('retained_earnings', 'us-gaap', 'RetainedEarningsAccumulatedDeficit', 1, 1, 'amount', true, null, null),
  ('retained_earnings', 'ifrs-full', 'RetainedEarnings', 1, 1, 'amount', true, null, null),
  ('shares_outstanding', 'dei', 'EntityCommonStockSharesOutstanding', 1, 1, 'shares', true, null, 'From the cover, on a day of its own shortly before the filing. Filers with several classes state it by class, and then not here.'),
  ('shares_outstanding', 'us-gaap', 'CommonStockSharesOutstanding', 2, 1, 'shares', true, null, 'On the day of the balance sheet.'),
  ('shares_outstanding', 'ifrs-full', 'NumberOfSharesOutstanding', 1, 1, 'shares', true, null, null);

create function stocks_research.standard_sum_tags() returns table (tag text)
language sql immutable parallel safe as $$
select unnest(array['GrossProfit', 'CostOfRevenue', 'CostOfGoodsAndServicesSold', 'CostOfGoodsSold', 'OperatingIncomeLoss', 'CostsAndExpenses',
  'BenefitsLossesAndExpenses', 'IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest'])
$$;
comment on function stocks_research.standard_sum_tags() is 'Tags whose sums tell which tag of revenue a filing''s own lines add up to.';

create or replace function stocks_research.fundamentals_standard_as_of(as_of date, ciks text[] default null)
returns table (
  cik text, item text, period_kind text, period_start date, period_end date, unit text, value numeric, taxonomy text, tag text,
  method text, accession text, known_from date, reason text)
language sql stable parallel safe set search_path = pg_catalog set enable_nestloop = off set enable_mergejoin = off set jit = off set work_mem = '64MB' as $$
with facts as materialized (
  select f.cik, m.item, m.value_kind, m.is_instant, m.tier, m.priority + case m.taxonomy when 'ifrs-full' then 100 else 0 end as priority, m.part_beside,
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
), sides as materialized (
  -- Lines that tell a total of revenue from a part of it. They count as revenue does: by filing and period.
  select f.cik, f.accession, f.tag, f.unit, f.period_start as first_date, f.period_end, f.value
  from stocks_research.fundamentals_raw f
  where f.taxonomy = 'us-gaap' and f.filed <= $1 and ($2 is null or f.cik = any ($2)) and f.period_start is not null and f.value <> 0
    and f.tag in (select s.tag from stocks_research.standard_sum_tags() s union select unnest(t.part_beside) from stocks_research.standard_item_tags t)
), totals as (
  -- What the lines of a filing add up to: gross profit and cost, income and all costs.
  select distinct a.cik, a.accession, a.unit, a.first_date, a.period_end, a.value + b.value as value
  from (values ('GrossProfit', 'CostOfRevenue'), ('GrossProfit', 'CostOfGoodsAndServicesSold'), ('GrossProfit', 'CostOfGoodsSold'),
    ('OperatingIncomeLoss', 'CostsAndExpenses'), ('IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest', 'CostsAndExpenses'), ('IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest', 'BenefitsLossesAndExpenses')) p (one, other)
  join sides a on a.tag = p.one
  join sides b on b.tag = p.other and b.cik = a.cik and b.accession = a.accession and b.unit = a.unit and b.first_date = a.first_date and b.period_end = a.period_end
), parts as (
  select distinct f.cik, f.accession, f.item, f.tag, f.unit, f.first_date, f.period_end
  from facts f
  cross join lateral unnest(f.part_beside) o (tag)
  join sides s on s.cik = f.cik and s.accession = f.accession and s.tag = o.tag and s.unit = f.unit and s.first_date = f.first_date and s.period_end = f.period_end
), weighed as (
  select f.*, t.cik is not null as is_total,
    t.cik is null and (p.cik is not null or (f.item = 'revenue' and f.value < 0.9 * max(f.value) filter (where f.tag <> 'RevenueFromContractWithCustomerIncludingAssessedTax')
      over (partition by f.cik, f.accession, f.item, f.unit, f.first_date, f.period_end))) as may_be_part
  from facts f
  left join totals t on f.item = 'revenue' and t.cik = f.cik and t.accession = f.accession and t.unit = f.unit
    and t.first_date = f.first_date and t.period_end = f.period_end and t.value = f.value
  left join parts p on p.cik = f.cik and p.accession = f.accession and p.item = f.item and p.tag = f.tag and p.unit = f.unit
    and p.first_date = f.first_date and p.period_end = f.period_end
), of_filings as materialized (
  -- Inside a filing the tier decides, then the priority, unless another tag of revenue is what the other
  -- lines add up to.
  select distinct on (w.cik, w.item, w.unit, w.first_date, w.period_end, w.accession) w.*
  from weighed w
  order by w.cik, w.item, w.unit, w.first_date, w.period_end, w.accession, w.tier, w.is_total desc, w.priority
), choices as materialized (
  -- The newest filing of the best tier decides. What may be a part of the total comes last.
  select distinct on (o.cik, o.item, o.unit, o.first_date, o.period_end) o.*
  from of_filings o
  order by o.cik, o.item, o.unit, o.first_date, o.period_end, o.tier, o.may_be_part, o.filed desc, o.form like '%/A' desc, o.accession desc
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
  select distinct on (m.item, d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end) d.*, m.item, m.sign, m.tier,
    m.priority + case m.taxonomy when 'ifrs-full' then 100 else 0 end as priority
  from stocks_research.standard_item_tags m
  join stocks_research.fundamentals_derived d using (taxonomy, tag)
  where d.known_from <= $1 and ($2 is null or d.cik = any ($2)) and not m.is_instant
    and d.unit ~ case m.value_kind when 'amount' then '^[A-Z]{3}$' when 'per_share' then '^[A-Z]{3}/shares$' else '^shares$' end
  order by m.item, d.cik, d.taxonomy, d.tag, d.unit, d.period_start, d.period_end, d.known_from desc
), derived as (
  -- A difference counts when the tag is the one that both of its filings would give.
  select distinct on (q.cik, q.item, q.unit, q.period_start, q.period_end) q.*, l.may_be_part or s.may_be_part as may_be_part
  from quarters q
  join of_filings l on l.cik = q.cik and l.item = q.item and l.tag = q.tag and l.unit = q.unit and l.accession = q.accession
    and l.period_end = q.period_end and l.first_date < q.period_start
  join of_filings s on s.cik = q.cik and s.item = q.item and s.tag = q.tag and s.unit = q.unit and s.accession = q.subtracted_accession
    and s.period_end = q.period_start - 1 and s.first_date = l.first_date
  where q.method <> 'reported'
  order by q.cik, q.item, q.unit, q.period_start, q.period_end, q.value is null, q.tier, l.may_be_part or s.may_be_part, q.known_from desc, q.priority
), better as (
  -- Nobody states the quarter, or only by a tag of a lower tier.
  select d.*, c.cik is not null as replaces
  from derived d
  left join choices c on c.cik = d.cik and c.item = d.item and c.unit = d.unit and c.first_date = d.period_start and c.period_end = d.period_end
  where c.cik is null or (d.value is not null and not d.may_be_part and (d.tier < c.tier or c.may_be_part))
), stated as materialized (
  select b.cik, b.item, b.period_kind, b.period_start, b.period_end, b.unit, case when b.is_on_basis and not b.may_be_part then b.value end as value,
    b.taxonomy, b.tag, 'reported' as method, b.accession, b.filed as known_from,
    case when b.may_be_part then 'may_be_a_part' when not b.is_on_basis then 'share_basis_may_differ' end as reason
  from based b
  where not exists (select from better d where d.replaces and d.cik = b.cik and d.item = b.item and d.unit = b.unit
    and d.period_start = b.first_date and d.period_end = b.period_end)
  union all
  select d.cik, d.item, 'quarter', d.period_start, d.period_end, d.unit, case when not d.may_be_part then d.value * d.sign end, d.taxonomy, d.tag,
    d.method, d.accession, d.known_from, case when d.value is null then d.reason when d.may_be_part then 'may_be_a_part' end
  from better d
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
'Standard items as they were known at the end of the day as_of, one row for each filer, item and period, the tag used beside the value. period_kind: quarter, half, nine_months, year, instant. method: reported, or how a quarter was derived. value is null with a reason: not_filed (no filing until then states the item for the period), not_additive (only longer periods state it), may_be_a_part (the filing states lines beside the tag that a total would hold, and nothing proves it the total), share_basis_may_differ (a split may lie between the filing and the newest one that states the period per share).';

comment on column stocks_research.fundamentals_standard_v.reason is 'Why value is null: not_filed, not_additive, may_be_a_part or share_basis_may_differ; see fundamentals_standard_as_of.';
