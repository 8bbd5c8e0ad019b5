import { as, type FieldTable, ignored } from '../../adapter/fields.ts'

export const BAR_FIELDS: FieldTable = {
  t: as('date'),
  o: as('open'),
  h: as('high'),
  l: as('low'),
  c: as('close'),
  v: as('volume'),
  n: ignored('number of trades: no column uses it'),
  vw: ignored('volume-weighted price: no column uses it'),
}

const OF_BROKER = ignored('a rule of the broker')
export const ASSET_FIELDS: FieldTable = {
  id: as('source_id'),
  symbol: as('ticker'),
  name: as('name'),
  exchange: as('exchange_mic'),
  status: ignored('asked for'),
  class: ignored('asked for'),
  cusip: ignored('licensed: not stored'),
  tradable: OF_BROKER,
  marginable: OF_BROKER,
  shortable: OF_BROKER,
  easy_to_borrow: OF_BROKER,
  fractionable: OF_BROKER,
  maintenance_margin_requirement: OF_BROKER,
  margin_requirement_long: OF_BROKER,
  margin_requirement_short: OF_BROKER,
  min_order_size: OF_BROKER,
  min_trade_increment: OF_BROKER,
  price_increment: OF_BROKER,
  attributes: OF_BROKER,
}

const all = (...names: string[]): FieldTable => Object.fromEntries(names.map((name) => [name, as(name)]))
const dated = {
  id: as('provider_action_id'),
  process_date: as('process_date'),
  record_date: as('record_date'),
  payable_date: as('pay_date'),
  isin: as('isin'),
  currency: as('currency'),
}

/**
 * Corporate actions by list. What is not a column of ours is kept as `detail` under the provider's own name,
 * so every field is kept; this table is what we know, and an unknown field is kept and reported.
 */
export const ACTION_FIELDS: Readonly<Record<string, FieldTable>> = {
  forward_splits: {
    ...dated,
    symbol: as('ticker'),
    ex_date: as('ex_date'),
    new_rate: as('split_to'),
    old_rate: as('split_from'),
    ...all('cusip', 'due_bill_redemption_date'),
  },
  reverse_splits: {
    ...dated,
    symbol: as('ticker'),
    ex_date: as('ex_date'),
    new_rate: as('split_to'),
    old_rate: as('split_from'),
    ...all('new_symbol', 'old_cusip', 'new_cusip', 'due_bill_redemption_date'),
  },
  unit_splits: {
    ...dated,
    old_symbol: as('ticker'),
    effective_date: as('ex_date'),
    ...all(
      'new_symbol',
      'alternate_symbol',
      'old_rate',
      'new_rate',
      'alternate_rate',
      'old_cusip',
      'new_cusip',
      'alternate_cusip',
    ),
  },
  stock_dividends: {
    ...dated,
    symbol: as('ticker'),
    ex_date: as('ex_date'),
    rate: as('split_to'),
    ...all('cusip'),
  },
  cash_dividends: {
    ...dated,
    symbol: as('ticker'),
    ex_date: as('ex_date'),
    rate: as('cash_amount'),
    special: as('kind'),
    sub_type: as('kind'),
    ...all('cusip', 'foreign', 'due_bill_on_date', 'due_bill_off_date'),
  },
  spin_offs: {
    ...dated,
    source_symbol: as('ticker'),
    ex_date: as('ex_date'),
    ...all('new_symbol', 'source_rate', 'new_rate', 'source_cusip', 'new_cusip', 'due_bill_redemption_date'),
  },
  cash_mergers: {
    ...dated,
    acquiree_symbol: as('ticker'),
    effective_date: as('ex_date'),
    ...all('acquirer_symbol', 'rate', 'acquiree_cusip', 'acquirer_cusip'),
  },
  stock_mergers: {
    ...dated,
    acquiree_symbol: as('ticker'),
    effective_date: as('ex_date'),
    ...all('acquirer_symbol', 'acquiree_rate', 'acquirer_rate', 'acquiree_cusip', 'acquirer_cusip'),
  },
  stock_and_cash_mergers: {
    ...dated,
    acquiree_symbol: as('ticker'),
    effective_date: as('ex_date'),
    ...all(
      'acquirer_symbol',
      'acquiree_rate',
      'acquirer_rate',
      'cash_rate',
      'acquiree_cusip',
      'acquirer_cusip',
    ),
  },
  reorganizations: {
    ...dated,
    symbol: as('ticker'),
    effective_date: as('ex_date'),
    ...all('cusip', 'cash_rate', 'stock_movements'),
  },
  partial_calls: {
    ...dated,
    symbol: as('ticker'),
    ex_date: as('ex_date'),
    ...all('cusip', 'price', 'rate', 'lottery_type'),
  },
  redemptions: { ...dated, symbol: as('ticker'), rate: as('cash_amount'), ...all('cusip') },
  name_changes: { ...dated, old_symbol: as('ticker'), ...all('new_symbol', 'old_cusip', 'new_cusip') },
  worthless_removals: { ...dated, symbol: as('ticker'), ...all('cusip') },
  rights_distributions: {
    ...dated,
    source_symbol: as('ticker'),
    ex_date: as('ex_date'),
    ...all('new_symbol', 'rate', 'source_cusip', 'new_cusip', 'expiration_date'),
  },
}
