-- Standard items.
--
-- Filers name one line of a statement by different tags, and change them over time. A small reviewed table says
-- which tags mean which item.
--
-- Tags are in tiers. The tags of one tier are names of one thing, which a filer may change: of these the newest
-- filing decides, and inside it the priority. A lower tier is another thing: a cash flow statement repeats cash
-- with restricted cash, a statement of equity repeats net income with minority interests. It is used only where
-- no filing states the first. A tag that names a part of a total beside its other parts gives no total.

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
comment on table stocks_research.standard_item_tags is 'Which XBRL tags mean which standard item: reviewed by hand, part of the schema, changed by migrations alone.';
comment on column stocks_research.standard_item_tags.item is 'The standard item, e.g. revenue.';
comment on column stocks_research.standard_item_tags.taxonomy is 'XBRL taxonomy of the tag; us-gaap and dei are asked before ifrs-full.';
comment on column stocks_research.standard_item_tags.tag is 'XBRL element that states the item for the whole filer.';
comment on column stocks_research.standard_item_tags.priority is 'Of several tags of a tier in one filing the lowest number is taken.';
comment on column stocks_research.standard_item_tags.value_kind is 'amount: money. per_share: money per share. shares: a count of shares. The unit of a fact must fit.';
comment on column stocks_research.standard_item_tags.is_instant is 'True for a stock at the end of a day, false for a flow over a period.';
comment on column stocks_research.standard_item_tags.sign is 'What the filed value is multiplied with: -1 where the tag counts the other way round than the item.';
comment on column stocks_research.standard_item_tags.note is 'What a reader should know of this choice.';
comment on column stocks_research.standard_item_tags.tier is 'Tags of one tier name the same thing, and the newest filing decides among them. Those of a higher number mean something near it, and are asked only where no filing until then states the item for the period by a lower one.';
comment on column stocks_research.standard_item_tags.part_beside is 'Tags that show this one to be a part of the total, when the same filing states one of them for the period. The item is then null, unless the lines of the filing add up to it.';

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
