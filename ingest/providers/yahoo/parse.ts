import { productOf, type Ratio, scale } from '../../adapter/decimals.ts'
import type { FieldWatch } from '../../adapter/fields.ts'
import type { SourceRecord } from '../../contract/job.ts'
import type { LocatedRecord } from '../../contract/provider.ts'
import { isArray, isObject, type TextJson, type TextObject, textOf } from '../../http/json.ts'
import * as fields from './fields.ts'

export interface Chart {
  readonly symbol: string | null
  readonly currency: string | null
  /**
   * Raw bars, in the order of the answer; `line` is the index of the row. A row of nulls is a day without
   * trade, and is not here.
   */
  readonly bars: readonly LocatedRecord[]
  /** Splits, dividends and capital gains as they were on their day. */
  readonly events: readonly ChartEvent[]
  /** Rows whose close is null. */
  readonly rows_without_trade: number
}

export interface ChartEvent {
  readonly record: SourceRecord
  readonly malformed?: string
}

// Yahoo sends 32-bit floats written as 64-bit ones: seven digits carry, the rest is noise.
const FLOAT32_DIGITS = 7
const PRICE_PLACES_MAX = 4
const PRICE_PLACES_MAX_BELOW_ONE = 6

/**
 * Rebuilds what was traded from what is adjusted. Each price was divided by every split after its day, up to
 * the day of the request; volumes were multiplied, dividends divided likewise. So each is multiplied back by
 * the product of the later splits, in exact arithmetic, and then rounded to the digits that a 32-bit float
 * holds.
 *
 * Only right for an answer that was asked through today: a later split that is not listed stays in the
 * prices.
 *
 * @throws RangeError when the arrays have different lengths, and when an event has no day or a split no
 *   ratio: every price before it
 * would be wrong.
 */
export function parseChart(json: TextJson, watch: FieldWatch): Chart {
  const result = objectOf(listOf(objectOf(objectOf(json)['chart'])['result'])[0])
  watch('chart', fields.RESULT_FIELDS, result)
  const meta = objectOf(result['meta'])
  watch('chart meta', fields.META_FIELDS, meta)
  const dayOf = calendar(textOf(meta['exchangeTimezoneName']) ?? 'America/New_York')
  const events = objectOf(result['events'])
  watch('chart events', fields.EVENT_FIELDS, events)

  const splits = eventsOf(events['splits']).map((event) => splitOf(event, dayOf, watch))
  const later = laterSplits(splits)
  const symbol = textOf(meta['symbol'])
  const currency = textOf(meta['currency'])
  const cashOf = (list: string, kind: string): CashEvent[] =>
    eventsOf(events[list]).map(([key, each]) => {
      watch('chart dividend', fields.DIVIDEND_FIELDS, each)
      const ex_date = eventDay(key, each, dayOf)
      const amount = textOf(each['amount'])
      const cash_amount = amount === null ? null : rounded(amount, later(ex_date))
      return { record: { kind, ex_date, cash_amount, currency } }
    })
  const dividends = cashOf('dividends', 'cash_dividend')
  const gains = cashOf('capitalGains', 'special_dividend').map((gain) => gainOf(gain, dividends))
  const { bars, rows_without_trade } = barsOf(result, dayOf, later, watch)
  return {
    symbol,
    currency,
    bars,
    events: [...splits.map(({ record }) => ({ record })), ...dividends, ...gains],
    rows_without_trade,
  }
}

interface CashEvent {
  readonly record: SourceRecord & { readonly ex_date: string; readonly cash_amount: string | null }
}

/**
 * A capital gain of a fund, which is a distribution of its own. Yahoo has been seen to state the sum of both
 * as the dividend of the day: one that is as large as the gain may contain it, and then it is not known what
 * was paid.
 */
function gainOf(gain: CashEvent, dividends: readonly CashEvent[]): ChartEvent {
  const { ex_date, cash_amount } = gain.record
  const record = { ...gain.record, distribution: 'capital gain' }
  const same_day = dividends.find((dividend) => dividend.record.ex_date === ex_date)
  if (same_day === undefined || Number(same_day.record.cash_amount) < Number(cash_amount)) return { record }
  const dividend = same_day.record.cash_amount
  const malformed = `a capital gain of ${cash_amount} beside a dividend of ${dividend}, which may contain it`
  return { record, malformed }
}

function barsOf(
  result: TextObject,
  dayOf: Calendar,
  later: Later,
  watch: FieldWatch,
): Pick<Chart, 'bars' | 'rows_without_trade'> {
  const timestamps = listOf(result['timestamp'])
  const indicators = objectOf(result['indicators'])
  watch('chart indicators', fields.INDICATOR_FIELDS, indicators)
  const quote = objectOf(listOf(indicators['quote'])[0])
  watch('chart quote', fields.QUOTE_FIELDS, quote)
  for (const [name, column] of Object.entries(quote)) {
    // A column that is null as a whole is a column of nulls.
    if (timestamps.length > 0 && column !== null && listOf(column).length !== timestamps.length) {
      throw new RangeError(`${name} has ${listOf(column).length} values for ${timestamps.length} days`)
    }
  }
  let rows_without_trade = 0
  const bars = timestamps.flatMap((timestamp, row): LocatedRecord[] => {
    const cell = (name: string): string | null => textOf(listOf(quote[name])[row])
    if (cell('close') === null) {
      rows_without_trade++
      return []
    }
    const date = dayOf(textOf(timestamp))
    const factor = later(date)
    const price = (name: string): string | null => {
      const text = cell(name)
      return text === null ? null : rounded(text, factor)
    }
    const volume = cell('volume')
    const record = {
      date,
      open: price('open'),
      high: price('high'),
      low: price('low'),
      close: price('close'),
      volume: volume === null ? null : scale(volume, { over: factor.under, under: factor.over }, 18, 0),
    }
    return [{ record, line: row + 1 }]
  })
  // While the exchange is open, and for a while after, the last row comes twice: the second one is the newer.
  const last = bars.at(-1)?.record['date']
  if (last !== undefined && bars.at(-2)?.record['date'] === last) bars.splice(-2, 1)
  return { bars, rows_without_trade }
}

interface Split extends Ratio {
  readonly ex_date: string
  readonly record: SourceRecord
}
function splitOf([key, event]: Event, dayOf: Calendar, watch: FieldWatch): Split {
  watch('chart split', fields.SPLIT_FIELDS, event)
  const ex_date = eventDay(key, event, dayOf)
  const [, over, under] = /^([\d.]+)[:/]([\d.]+)$/.exec(textOf(event['splitRatio']) ?? '') ?? []
  const numerator = textOf(event['numerator']) ?? over
  const denominator = textOf(event['denominator']) ?? under
  if (
    !(Number(numerator) > 0 && Number(denominator) > 0) ||
    numerator === undefined ||
    denominator === undefined
  ) {
    throw new RangeError(`the split of ${ex_date} has no ratio: ${JSON.stringify(event)}`)
  }
  return {
    ex_date,
    numerator,
    denominator,
    record: { kind: 'split', ex_date, split_from: denominator, split_to: numerator },
  }
}

/** An event with its key, which is its time. */
type Event = readonly [key: string, event: TextObject]
/** Events are an object by time; a list of them is read too. */
const eventsOf = (events: TextJson | undefined): Event[] =>
  Object.entries(isArray(events) ? Object.fromEntries(events.entries()) : objectOf(events)).map(
    ([key, event]) => [key, objectOf(event)],
  )

function eventDay(key: string, event: TextObject, dayOf: Calendar): string {
  const seconds = textOf(event['date']) ?? (/^-?\d{6,}$/.test(key) ? key : null)
  if (seconds === null) throw new RangeError(`an event has no day: ${JSON.stringify(event)}`)
  return dayOf(seconds)
}

type Later = (date: string) => { readonly over: bigint; readonly under: bigint }
/**
 * The product of the splits after a day. There are a handful of splits and a thousand days: each product is
 * made once.
 */
function laterSplits(splits: readonly Split[]): Later {
  const known = new Map<string, { over: bigint; under: bigint }>()
  return (date) => {
    const after = splits.filter(({ ex_date }) => ex_date > date)
    const key = after.map(({ ex_date }) => ex_date).join()
    const product = known.get(key) ?? productOf(after)
    known.set(key, product)
    return product
  }
}

function rounded(text: string, factor: { over: bigint; under: bigint }): string {
  const price = scale(text, factor, FLOAT32_DIGITS, PRICE_PLACES_MAX_BELOW_ONE)
  return price.startsWith('0') ? price : scale(text, factor, FLOAT32_DIGITS, PRICE_PLACES_MAX)
}

/** Unix seconds → calendar day at the exchange, with the offset that held on that day. */
type Calendar = (seconds: string | null) => string
function calendar(timeZone: string): Calendar {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  })
  return (seconds) => (seconds === null ? '' : format.format(new Date(Number(seconds) * 1000)))
}

const objectOf = (value: TextJson | undefined): TextObject => (isObject(value) ? value : {})
const listOf = (value: TextJson | undefined): readonly TextJson[] => (isArray(value) ? value : [])
