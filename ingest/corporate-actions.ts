import { DELISTING_CODES, RANGES, reading } from './contract/fields.ts'
import { fxRates } from './contract/fx-rates.ts'
import { eventHolderOf } from './contract/holder.ts'
import type { JobRow, SourcedJob } from './contract/job.ts'

/**
 * Dividends, splits, delistings and other events as the source reports them, complete whatever the window. A
 * record carries `kind` in the words of the table, and its terms as `cash_amount`, `currency`, `split_from`,
 * `split_to` and dates. A merger or delisting may also have `delisting_code`, `shares_per_share`,
 * `acquirer_source_id`, `acquirer_ticker` and `has_other_proceeds`. All other fields become `detail`.
 */
export const corporateActions: SourcedJob = {
  name: 'corporate-actions',
  kind: 'sourced',
  dataset: 'corporate_actions',
  table: 'corporate_actions',
  needs: ['securities', 'ticker-history'],
  key: ['security_id', 'ex_date', 'kind', 'action_key', 'occurrence'],
  values: [
    'cash_amount',
    'currency',
    'split_from',
    'split_to',
    'declared_date',
    'record_date',
    'pay_date',
    'delisting_code',
    'shares_per_share',
    'acquirer_source_id',
    'acquirer_ticker',
    'has_other_proceeds',
    'detail',
    'source',
  ],
  subject: 'security',
  is_windowed: false,
  dated_by: 'ex_date',
  without_records: 'empty',
  counted: 'occurrence',
  loads_first: fxRates,

  parse(record, context) {
    const { provider } = context
    const read = reading(record)
    const ex_date = read.day('ex_date')
    const kind = record['kind'] ?? ''
    if (!read.required('ex_date', ex_date)) {
      const item = record['source_id'] ?? undefined
      return { rejected: read.faults.join('; '), kind: 'malformed', ...(item === undefined ? {} : { item }) }
    }
    const holder = eventHolderOf(record, ex_date, context)
    if (!('security_id' in holder)) return holder
    const terms = {
      cash_amount: read.within('cash_amount', RANGES.cash),
      currency: read.matching('currency', 'an ISO 4217 code of three letters', /^[A-Z]{3}$/),
      split_from: read.within('split_from', RANGES.ratio),
      split_to: read.within('split_to', RANGES.ratio),
      declared_date: read.day('declared_date'),
      record_date: read.day('record_date'),
      pay_date: read.day('pay_date'),
    }
    if (!KINDS.has(kind)) read.fault(`kind is "${kind}", not one of ${[...KINDS].join(', ')}`)
    const end = END_KINDS.has(kind) ? endOfListing(read) : NO_END
    if (CASH_KINDS.has(kind)) read.required('cash_amount', terms.cash_amount)
    if (RATIO_KINDS.has(kind)) {
      read.required('split_from', terms.split_from)
      read.required('split_to', terms.split_to)
    }
    const item = holder.source_id
    if (read.faults.length > 0) return { rejected: read.faults.join('; '), kind: 'malformed', item }
    const row: JobRow = {
      security_id: String(holder.security_id),
      ex_date,
      kind,
      action_key: isCash(kind, terms)
        ? `${terms.cash_amount} ${terms.currency ?? 'unknown'}`
        : [kind, ...spunOff(record, kind, terms)].join(' '),
      occurrence: isCash(kind, terms) ? null : '1',
      ...terms,
      ...end,
      detail: detailOf(record, kind),
      source: provider,
    }
    return { row, item }
  },

  refusedEvent(record, item, context) {
    const { identity } = context
    const read = reading(record)
    const ex_date = read.day('ex_date')
    const source_id = item ?? record['source_id']
    const holder =
      ex_date === null
        ? identity.bySourceId(source_id ?? '')
        : eventHolderOf({ ...record, source_id: source_id ?? null }, ex_date, context)
    if (holder === undefined || !('security_id' in holder)) return undefined
    const kind = record['kind'] ?? ''
    return {
      holder,
      ex_date,
      kind: KINDS.has(kind) ? kind : 'unknown',
      declared_date: read.day('declared_date'),
    }
  },
}

/**
 * Cash per share. Several of one amount on one day are several events: three dividends of 0.06 were paid
 * once.
 */
const CASH_KINDS = new Set(['cash_dividend', 'special_dividend', 'return_of_capital', 'liquidation'])
/**
 * A ratio. Two of them on one day are one event, reported twice, or a conflict; a corrected ratio replaces
 * the wrong one.
 */
const RATIO_KINDS = new Set(['split', 'stock_dividend'])
/** A listing ended, and these events say what holders received. */
const END_KINDS = new Set(['merger', 'delisting'])
const KINDS = new Set([...CASH_KINDS, ...RATIO_KINDS, 'spin_off', 'merger', 'name_change', 'delisting'])

interface Terms {
  readonly cash_amount: string | null
  readonly split_to: string | null
}
/** A spin-off is reported by its cash value, by the ratio of prices, or by what was given out. */
const isCash = (kind: string, { cash_amount }: Terms): boolean =>
  CASH_KINDS.has(kind) || (kind === 'spin_off' && cash_amount !== null)
/** Two companies spun off on one day are two events. */
function spunOff(
  record: Readonly<Record<string, string | null>>,
  kind: string,
  { split_to }: Terms,
): string[] {
  const given = record['new_source_id'] ?? record['new_symbol'] ?? null
  return kind === 'spin_off' && split_to === null && given !== null ? [given] : []
}

const COLUMNS = new Set([
  'source_id',
  'ticker',
  'kind',
  'ex_date',
  'cash_amount',
  'currency',
  'split_from',
  'split_to',
  'declared_date',
  'record_date',
  'pay_date',
])

const NO_END = {
  delisting_code: null,
  shares_per_share: null,
  acquirer_source_id: null,
  acquirer_ticker: null,
  has_other_proceeds: 'false',
}
const DELISTING_CODE = new RegExp(`^(${DELISTING_CODES.join('|')})$`, 'i')

/** What holders received when the listing ended. No shares (0) and a share leg that is absent are the same. */
function endOfListing(
  read: ReturnType<typeof reading>,
): Readonly<Record<keyof typeof NO_END, string | null>> {
  const shares = read.within('shares_per_share', RANGES.shares)
  const code = read.matching('delisting_code', `one of ${DELISTING_CODES.join(', ')}`, DELISTING_CODE)
  return {
    delisting_code: code?.toLowerCase() ?? null,
    shares_per_share: shares === '0' ? null : shares,
    acquirer_source_id: read.text('acquirer_source_id'),
    acquirer_ticker: read.text('acquirer_ticker'),
    has_other_proceeds: String(read.text('has_other_proceeds') === 'true'),
  }
}

/** The other terms, by name in alphabetical order, without those that are not known. */
function detailOf(record: Readonly<Record<string, string | null>>, kind: string): string {
  const others = Object.entries(record).filter(
    ([name, value]) =>
      value !== null && !COLUMNS.has(name) && !(END_KINDS.has(kind) && Object.hasOwn(NO_END, name)),
  )
  return JSON.stringify(Object.fromEntries(others.toSorted(([a], [b]) => (a < b ? -1 : 1))))
}
