import { daysBefore } from '../../../helpers/core/days.ts'
import type { FieldWatch } from '../../adapter/fields.ts'
import { isCusip, symbolKey, tickerFrom } from '../../adapter/notation.ts'
import type { SourceRecord } from '../../contract/job.ts'
import type { LocatedRecord, Subject } from '../../contract/provider.ts'
import { isArray, isObject, type TextJson, type TextObject, textOf } from '../../http/json.ts'
import { BAR_FIELDS } from './fields.ts'

export interface BarsPage {
  readonly records: readonly LocatedRecord[]
  readonly next_page_token: string | undefined
}

// Midnight in New York is 04:00 or 05:00 UTC: the calendar day there is the one written here.
const DAY = /^(\d{4}-\d{2}-\d{2})T0[45]:00:00(?:\.0+)?Z$/

/**
 * Every bar of a page, in its order, by the symbol under which it traded. A time that is no midnight in New
 * York is kept as it is, and rejected later. A bar of a symbol that is not in `asked` is malformed: the
 * answer is to another question.
 *
 * @throws RangeError when the bars of a symbol are not a list.
 */
export function parseBars(json: TextJson, watch: FieldWatch, asked?: ReadonlySet<string>): BarsPage {
  const page = json as TextObject
  const records: LocatedRecord[] = []
  for (const [symbol, list] of Object.entries(isObject(page['bars']) ? page['bars'] : {})) {
    const isAsked = asked?.has(symbol) !== false
    if (!isArray(list) && list !== null) throw new RangeError(`the bars of ${symbol} are not a list`)
    for (const bar of list ?? []) {
      const each = isObject(bar) ? bar : {}
      watch('bars', BAR_FIELDS, each)
      const record = recordOf(symbol, each)
      const fault = isAsked ? {} : { malformed: `a bar of ${symbol}, which was not requested` }
      records.push({ record, line: records.length + 1, ...fault })
    }
  }
  return { records, next_page_token: textOf(page['next_page_token']) ?? undefined }
}

function recordOf(symbol: string, bar: TextObject): SourceRecord {
  const time = textOf(bar['t'])
  return {
    ticker: tickerFrom(symbol, 'alpaca'),
    date: DAY.exec(time ?? '')?.[1] ?? time,
    open: textOf(bar['o']),
    high: textOf(bar['h']),
    low: textOf(bar['l']),
    close: textOf(bar['c']),
    volume: textOf(bar['v']),
  }
}

/**
 * The tickers under which `subjects` traded in the window, each once, in order; the last ticker where no
 * interval is known. A CUSIP is none.
 */
export function symbolsOf(
  subjects: readonly Subject[],
  { start_date, end_date }: { start_date: string; end_date: string },
): string[] {
  const symbols = subjects.flatMap(({ ticker, tickers }) => {
    if (tickers.length === 0) return ticker === undefined ? [] : [ticker]
    return tickers
      .filter(
        ({ valid_from, valid_to }) => valid_from <= end_date && (valid_to === null || valid_to >= start_date),
      )
      .map((each) => each.ticker)
  })
  return [...new Set(symbols)].filter((symbol) => !isCusip(symbol))
}

/**
 * Says whose bars they are, as far as the batch knows: the subject that held the ticker on the day. A bar of
 * a day on which nobody of the batch held it is passed on by ticker alone, and the job judges it against the
 * whole universe. A payment is made to those who held it until up to `after_days` before.
 */
export function holders(
  subjects: readonly Subject[],
  after_days = 0,
): (record: SourceRecord) => SourceRecord {
  const byTicker = Map.groupBy(
    subjects.flatMap(({ item, ticker, tickers }) => {
      if (tickers.length > 0) return tickers.map((interval) => ({ item, ...interval }))
      return ticker === undefined ? [] : [{ item, ticker, valid_from: '0000-00-00', valid_to: null }]
    }),
    (interval) => symbolKey(interval.ticker),
  )
  return (record) => {
    const { ticker, date } = record
    if (ticker == null || date == null) return record
    const all = byTicker.get(symbolKey(ticker)) ?? []
    const on_day = all.filter(
      ({ valid_from, valid_to }) => valid_from <= date && (valid_to === null || date <= valid_to),
    )
    const held =
      on_day.length > 0 || after_days === 0
        ? on_day
        : all.filter(
            ({ valid_from, valid_to }) =>
              valid_from <= date && (valid_to === null || daysBefore(date, after_days) <= valid_to),
          )
    const [holder] = held
    return held.length === 1 && holder !== undefined ? { ...record, source_id: holder.item } : record
  }
}
