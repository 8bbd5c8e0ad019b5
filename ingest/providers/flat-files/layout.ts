import { isDay } from '../../../helpers/core/days.ts'
import type { Dataset } from '../../contract/job.ts'
import { DELISTING_KINDS, DIVIDEND_KINDS, delistingCodeOf, kindIs, SPLIT_KINDS } from './vocabulary.ts'

/** A folder of a delivery: which columns its files may have, and how a record of it becomes one of ours. */
export interface Folder {
  readonly name: string
  /** Our field, and its names in a header. The first is its name in mapping.json. */
  readonly fields: Readonly<Record<string, readonly string[]>>
  readonly required: readonly string[]
  /** One of these must be there. */
  readonly one_of?: readonly string[]
  /** Events that a row may hold beside its prices, and their names in a header without signs. */
  readonly events?: Readonly<Record<string, readonly string[]>>
  /** Columns that are known and not read. They are not reported as unknown. */
  readonly ignored?: readonly string[]
  /** Keeps unknown columns in the record: they become part of `detail`. */
  readonly keeps_unknown?: boolean
  /** The last step on a record, e.g. the kind of an event. Returns the fault of a record that has one. */
  readonly complete?: (record: Record<string, string | null>) => string | undefined
}

const IDENTITY = { source_id: ['source_id'], ticker: ['ticker', 'symbol'] }

/** Header names without signs and in lower case: `Ex-Dividend` is exdividend. */
const EVENTS_IN_ROWS = {
  dividend: ['dividend', 'dividends', 'divcash', 'dividendamount', 'exdividend', 'cashdividend'],
  split: ['split', 'splits', 'splitfactor', 'splitcoefficient', 'splitratio', 'stocksplit', 'stocksplits'],
  capital_gain: ['capitalgain', 'capitalgains'],
} as const

/**
 * Columns in which vendors state what an event is. A split of a column that is not read would be a dividend.
 */
const KIND = [
  'kind',
  'type',
  'event',
  'event_type',
  'action',
  'action_type',
  'corporate_action',
  'category',
  'payment_type',
  'distribution_type',
  'dividend_type',
  'div_type',
  'split_type',
  'adjustment_type',
]
const CURRENCY = ['currency', 'currency_code', 'currencycode', 'ccy', 'curr']

const dividendKind = kindIs(DIVIDEND_KINDS, 'cash_dividend')
const splitKind = kindIs(SPLIT_KINDS, 'split')

const NOT_TAKEN_PLACE =
  /^(cancel|withdr|delet|revok|rescind|void|postpon|propos|expect|estimat|forecast|tentativ|unconfirm)/i

/** The fault of an event that its source calls cancelled, or only expected. */
function statusFault(record: Readonly<Record<string, string | null>>): string | undefined {
  const status = record['status'] ?? record['event_status'] ?? ''
  if (!NOT_TAKEN_PLACE.test(status.trim())) return undefined
  return `status is "${status.slice(0, 60)}": the event is not known to have taken place`
}

/**
 * A dividend. The days of its announcement and payment enter no number, so a text that is not a day does not
 * reject it: the text is kept in `detail`.
 */
function dividendOf(record: Record<string, string | null>): string | undefined {
  for (const field of ['declared_date', 'record_date', 'pay_date']) {
    const text = record[field] ?? null
    if (text === null || isDay(text)) continue
    record[`stated_${field}`] = text
    record[field] = null
  }
  return statusFault(record) ?? dividendKind(record)
}

const delistingKind = kindIs(DELISTING_KINDS)

/**
 * The end of a listing. Terms of what holders received belong to a merger or a delisting; of another event
 * they stay in `detail` under their own names.
 */
function delistingOf(record: Record<string, string | null>): string | undefined {
  const code = delistingCodeOf(record['kind'] ?? '')
  const fault = delistingKind(record)
  if (record['kind'] === 'merger' || record['kind'] === 'delisting') {
    record['delisting_code'] = code ?? null
    if ((record['other_proceeds'] ?? null) !== null) record['has_other_proceeds'] = 'true'
  } else if ((record['cash_amount'] ?? null) !== null) {
    record['cash_per_share'] = record['cash_amount'] ?? null
    record['cash_amount'] = null
  }
  return statusFault(record) ?? fault
}

const DELISTINGS = {
  fields: {
    ...IDENTITY,
    ex_date: ['date', 'ex_date'],
    kind: KIND,
    cash_amount: ['cash_per_share', 'cash_rate'],
    currency: CURRENCY,
    shares_per_share: ['shares_per_share', 'stock_rate'],
    acquirer_source_id: ['acquirer', 'acquirer_source_id'],
    acquirer_ticker: ['acquirer_ticker', 'acquirer_symbol'],
    other_proceeds: ['other_proceeds'],
  },
  required: ['ex_date', 'kind'],
  one_of: ['source_id', 'ticker'],
  keeps_unknown: true,
  complete: delistingOf,
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
        date: ['date', 'trade_date', 'timestamp'],
        open: ['open'],
        high: ['high'],
        low: ['low'],
        close: ['close'],
        volume: ['volume'],
        // Bars in another currency are rejected by name.
        currency: [...CURRENCY, 'quote_currency', 'trading_currency'],
        // Bars that are not daily, of another market, in another unit or outside of regular hours likewise.
        bar_period: ['period', 'interval', 'frequency', 'timeframe', 'bar_size', 'resolution'],
        bar_market: ['exchange', 'exchange_mic', 'mic', 'market'],
        bar_unit: ['unit', 'price_unit', 'quote_unit'],
        bar_session: ['session', 'session_type', 'market_session', 'trading_session'],
      },
      required: ['date', 'close'],
      one_of: ['source_id', 'ticker'],
      ignored: ['vwap', 'trades', 'adj_factor'],
      events: EVENTS_IN_ROWS,
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
        kind: KIND,
      },
      required: ['ex_date', 'split_from', 'split_to'],
      one_of: ['source_id', 'ticker'],
      keeps_unknown: true,
      complete: (record) => statusFault(record) ?? splitKind(record),
    },
    {
      name: 'dividends',
      fields: {
        ...IDENTITY,
        ex_date: ['ex_date'],
        cash_amount: ['amount', 'cash_amount'],
        currency: [...CURRENCY, 'dividend_currency', 'cash_currency'],
        declared_date: ['declared', 'declared_date'],
        record_date: ['record', 'record_date'],
        pay_date: ['pay', 'pay_date'],
        kind: KIND,
      },
      required: ['ex_date', 'cash_amount'],
      one_of: ['source_id', 'ticker'],
      keeps_unknown: true,
      complete: dividendOf,
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
  filings: [
    {
      name: 'filings',
      fields: {
        cik: ['cik', 'entity'],
        accession: ['accession', 'accn', 'accessionNumber'],
        form: ['form'],
        filed: ['filed', 'filing_date', 'filingDate'],
        accepted_at: ['accepted_at', 'accepted', 'acceptance_datetime'],
        report_date: ['report_date', 'reportDate', 'period'],
        items: ['items'],
        sic: ['sic'],
        is_xbrl: ['is_xbrl', 'isXBRL'],
        size_bytes: ['size_bytes', 'size'],
        primary_document: ['primary_document', 'primaryDocument'],
      },
      required: ['cik', 'accession', 'form', 'filed'],
    },
  ],
  fx_rates: [
    {
      name: 'fx_rates',
      fields: {
        date: ['date', 'rate_date'],
        from_currency: ['from', 'from_currency'],
        to_currency: ['to', 'to_currency'],
        rate: ['rate'],
        published: ['published'],
        source: ['source'],
      },
      required: ['date', 'from_currency', 'to_currency', 'rate'],
    },
  ],
}

/** Fields in which the words of NULL_TOKENS are names: NA is a ticker, and "None" may be one too. */
export const NAMES = new Set([
  'source_id',
  'ticker',
  'acquirer_source_id',
  'acquirer_ticker',
  'tag',
  'taxonomy',
  'unit',
  'accession',
])

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
  'shares_per_share',
  'value',
  'rate',
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
  'report_date',
  'filed',
  'published',
])

/** What vendors write for "not known" in a day: MySQL, IEX and FMP write zeros. */
export const NULL_DAYS = ['0000-00-00', '0000-00-00 00:00:00', '00/00/0000']

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
