import type { Dataset } from '../../contract/job.ts'

/** A folder of a delivery: which columns its files may have, and what a record of it is in our words. */
export interface Folder {
  readonly name: string
  /** Our field, and the names that a header may give it. */
  readonly fields: Readonly<Record<string, readonly string[]>>
  readonly required: readonly string[]
  /** One of these must be there. */
  readonly one_of?: readonly string[]
  /**
   * Columns that are known and not ours, e.g. a vendor's own adjusted price. They are not reported as
   * unknown.
   */
  readonly ignored?: readonly string[]
  /** Keeps columns that nobody knows in the record: they become part of `detail`. */
  readonly keeps_unknown?: boolean
  /** Last touch on a record, e.g. the kind of an event. */
  readonly complete?: (record: Record<string, string | null>) => void
}

const IDENTITY = { source_id: ['source_id'], ticker: ['ticker', 'symbol'] }

const DIVIDEND_KINDS: Readonly<Record<string, string>> = {
  sc: 'special_dividend',
  special: 'special_dividend',
  special_dividend: 'special_dividend',
  return_of_capital: 'return_of_capital',
  roc: 'return_of_capital',
  liquidation: 'liquidation',
  liquidating: 'liquidation',
  spin_off: 'spin_off',
  'spin-off': 'spin_off',
  spinoff: 'spin_off',
}

/** Sets the kind of an event, and keeps the source's own word for it when it says more. */
const kindIs = (kindOf: (stated: string) => string) => (record: Record<string, string | null>) => {
  const stated = record['kind'] ?? null
  const kind = kindOf((stated ?? '').toLowerCase())
  if (stated !== null && stated !== kind) record['stated_kind'] = stated
  record['kind'] = kind
}

const DELISTINGS = {
  fields: { ...IDENTITY, ex_date: ['date', 'ex_date'], kind: ['kind'] },
  required: ['ex_date', 'kind'],
  one_of: ['source_id', 'ticker'],
  keeps_unknown: true,
  complete: kindIs((stated) =>
    /merger|acqui/.test(stated)
      ? 'merger'
      : stated === 'spin_off' || stated === 'name_change'
        ? stated
        : 'delisting',
  ),
}

/** The folders of each dataset. A dataset is all files of its folders together. */
export const FOLDERS: Readonly<Record<Dataset, readonly Folder[]>> = {
  securities: [
    {
      name: 'securities',
      fields: {
        source_id: ['source_id'],
        ticker: ['ticker', 'symbol'],
        name: ['name'],
        exchange_mic: ['exchange_mic'],
        type: ['type', 'security_type'],
        currency: ['currency'],
        cik: ['cik'],
        figi: ['figi'],
        share_class_figi: ['share_class_figi'],
        list_date: ['list_date'],
        delist_date: ['delist_date'],
      },
      required: ['source_id', 'ticker'],
      ignored: ['cusip', 'isin', 'active'],
    },
  ],
  ticker_history: [
    {
      name: 'ticker_history',
      fields: {
        source_id: ['source_id'],
        ticker: ['ticker', 'symbol'],
        valid_from: ['valid_from'],
        valid_to: ['valid_to'],
        exchange_mic: ['exchange_mic'],
        reason: ['reason'],
      },
      required: ['source_id', 'ticker', 'valid_from'],
    },
  ],
  prices_daily: [
    {
      name: 'prices_daily',
      fields: {
        ...IDENTITY,
        date: ['date', 'trade_date'],
        open: ['open'],
        high: ['high'],
        low: ['low'],
        close: ['close'],
        volume: ['volume'],
      },
      required: ['date', 'close'],
      one_of: ['source_id', 'ticker'],
      ignored: ['vwap', 'trades', 'adj_close', 'adj_factor'],
    },
  ],
  corporate_actions: [
    {
      name: 'splits',
      fields: {
        ...IDENTITY,
        ex_date: ['ex_date'],
        split_from: ['split_from'],
        split_to: ['split_to'],
        kind: ['kind'],
      },
      required: ['ex_date', 'split_from', 'split_to'],
      one_of: ['source_id', 'ticker'],
      keeps_unknown: true,
      complete: kindIs((stated) =>
        stated === 'stock_dividend' ? stated : /^spin[_ -]?off$/.test(stated) ? 'spin_off' : 'split',
      ),
    },
    {
      name: 'dividends',
      fields: {
        ...IDENTITY,
        ex_date: ['ex_date'],
        cash_amount: ['amount', 'cash_amount'],
        currency: ['currency'],
        declared_date: ['declared', 'declared_date'],
        record_date: ['record', 'record_date'],
        pay_date: ['pay', 'pay_date'],
        kind: ['kind'],
      },
      required: ['ex_date', 'cash_amount'],
      one_of: ['source_id', 'ticker'],
      keeps_unknown: true,
      complete: kindIs((stated) => DIVIDEND_KINDS[stated] ?? 'cash_dividend'),
    },
    { name: 'delistings', ...DELISTINGS },
    { name: 'mergers_delistings', ...DELISTINGS },
  ],
  fundamentals: [
    {
      name: 'fundamentals',
      fields: {
        cik: ['cik', 'entity'],
        taxonomy: ['taxonomy'],
        tag: ['tag'],
        unit: ['unit'],
        period_start: ['start', 'period_start'],
        period_end: ['end', 'period_end'],
        value: ['value', 'val'],
        accession: ['accession', 'accn'],
        form: ['form'],
        fiscal_year: ['fiscal_year', 'fy'],
        fiscal_period: ['fiscal_period', 'fp'],
        filed: ['filed'],
        frame: ['frame'],
      },
      required: ['cik', 'taxonomy', 'tag', 'unit', 'period_end', 'value', 'accession', 'filed'],
    },
  ],
}

/** Fields in which the words of NULL_TOKENS are names: NA is a ticker, and "None" may be one. */
export const NAMES = new Set(['source_id', 'ticker', 'tag', 'taxonomy', 'unit', 'accession'])

/** Fields that are numbers. */
export const NUMBERS = new Set([
  'open',
  'high',
  'low',
  'close',
  'volume',
  'split_from',
  'split_to',
  'cash_amount',
  'value',
])

/** Fields that are days. */
export const DAYS = new Set([
  'date',
  'ex_date',
  'declared_date',
  'record_date',
  'pay_date',
  'valid_from',
  'valid_to',
  'list_date',
  'delist_date',
  'period_start',
  'period_end',
  'filed',
])

/** What vendors write for "not known". */
export const NULL_TOKENS = new Set([
  '',
  'NA',
  'N/A',
  'n/a',
  'NaN',
  'nan',
  'null',
  'NULL',
  'None',
  'none',
  '.',
  '-',
])
