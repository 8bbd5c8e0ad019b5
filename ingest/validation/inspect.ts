import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { FormatError } from '../../helpers/core/errors.ts'
import { decimal } from '../contract/fields.ts'
import { type Defect, suspicionsIn, type VendorBar } from './series.ts'

/** What each defect means to a reader. */
const WORDS: Readonly<Record<Defect, string>> = {
  'adjustment-impossible': 'the adjusted close is not a price: not a number above zero',
  'adjustment-without-dividend': 'the adjusted closes step as for a dividend, and none is stated',
  'dividend-without-adjustment': 'a dividend is stated, and the adjusted closes do not step by it',
  'dividend-too-large': 'the dividend is more than half of the price',
  'dividend-too-small': 'the dividend is too small to be one: a unit was divided twice',
  'dividend-without-drop': 'a large dividend, and the price does not fall',
  'dividend-reported-twice': 'the dividend repeats one of the seven days before',
  'price-in-other-unit': 'the price jumps by a factor of a hundred: another unit, e.g. pence for pounds',
  'price-in-other-scale':
    'the price jumps to another scale and back: a split or a unit is applied to a block of rows',
  'split-not-applied':
    'the price jumps by the ratio of a stated split: it is applied to a part of the rows only',
}

/** Columns as vendors name them, in small letters and digits alone; all but date and close may be missing. */
const COLUMNS = {
  date: ['date', 'datetime', 'tradedate', 'timestamp', 'time', 'day', 'dateyyyymmdd', 'dtyyyymmdd'],
  high: ['high', 'highprice'],
  low: ['low', 'lowprice'],
  close: ['close', 'closeprice'],
  adj_close: ['adjclose', 'adjustedclose', 'closeadj', 'adjustedcloseprice', 'adjcloseprice'],
  volume: ['volume', 'vol'],
  dividend: ['dividends', 'dividend', 'dividendamount', 'exdividend', 'divcash', 'cashdividend'],
  gains: ['capitalgains', 'capitalgain'],
  split: ['stocksplits', 'stocksplit', 'split', 'splits'],
  /** Vendors that name it so (Alpha Vantage, Tiingo, WIKI) print closes and dividends as traded and paid. */
  raw_split: ['splitcoefficient', 'splitratio', 'splitfactor'],
} as const

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, '')

/** What vendors write for "not known". */
const NOT_KNOWN = /^(nan|null|none|n\/?a|\.|-)?$/i

/**
 * Judges one vendor's daily series (CSV or gzipped CSV; closes with adjusted closes, dividends and splits
 * beside them) without a second source. Closes are split-adjusted, as Yahoo prints them, or as traded, by the
 * name of the column of splits. Returns one sentence for each number that is none and each
 * contradiction; none when the file can be right.
 *
 * @throws FormatError when the file has no date or no close, or cannot be read as CSV.
 */
export async function inspectSeries(file: string): Promise<string[]> {
  const bytes = await readFile(file)
  let rows: Record<string, string>[]
  try {
    rows = parse(file.endsWith('.gz') ? gunzipSync(bytes) : bytes, {
      columns: (header: string[]) => header.map(plain),
      bom: true,
    })
  } catch (error) {
    throw new FormatError(
      `${file} cannot be read as CSV: ${error instanceof Error ? error.message : String(error)}. Copy ` +
        'it again.',
    )
  }
  const names = new Map(
    Object.entries(COLUMNS).map(([field, aliases]) => [
      field,
      aliases.find((alias) => rows[0] !== undefined && alias in rows[0]),
    ]),
  )
  if (names.get('date') === undefined || names.get('close') === undefined)
    throw new FormatError(
      `${file} has no column for date or close; it has ${Object.keys(rows[0] ?? {}).join(', ') || 'no row'}.`,
    )
  const dateOf = (row: Record<string, string>): string => row[names.get('date') ?? ''] ?? ''
  const unreadable: string[] = []
  const bars = rows.map((row): VendorBar => {
    const number = (field: keyof typeof COLUMNS, missing: number): number => {
      const name = names.get(field)
      const text = name === undefined ? '' : (row[name] ?? '').trim()
      if (NOT_KNOWN.test(text)) return missing
      // A number that is none would pass every comparison.
      if (decimal(text) === undefined)
        unreadable.push(`${dateOf(row).slice(0, 10)}: ${name} is "${text.slice(0, 60)}", no number`)
      return Number(text)
    }
    const close = number('close', Number.NaN)
    return {
      date: dateOf(row),
      high: number('high', close),
      low: number('low', close),
      close,
      adj_close: number('adj_close', Number.NaN),
      volume: number('volume', 0),
      dividend: number('dividend', 0),
      gains: number('gains', 0),
      split: number(names.get('split') === undefined ? 'raw_split' : 'split', 0),
    }
  })
  const is_raw = names.get('split') === undefined && names.get('raw_split') !== undefined
  const suspicions = suspicionsIn(is_raw ? adjustedForSplits(bars) : bars).map(
    ({ defect, date, detail }) => `${date.slice(0, 10)}: ${WORDS[defect]} (${detail}) [${defect}]`,
  )
  return [...unreadable, ...suspicions]
}

/** Closes, dividends and volumes of a series as traded, on the shares of its last day. */
function adjustedForSplits(bars: readonly VendorBar[]): VendorBar[] {
  let later = 1
  const adjusted = bars
    .toSorted((a, b) => (a.date < b.date ? 1 : -1))
    .map((bar) => {
      const { high, low, close, volume, dividend, gains = 0 } = bar
      const on_later_shares = {
        ...bar,
        high: high / later,
        low: low / later,
        close: close / later,
        volume: volume * later,
        dividend: dividend / later,
        gains: gains / later,
      }
      // A split of the day is in the day's own prices already.
      if (bar.split > 0) later *= bar.split
      return on_later_shares
    })
  return adjusted.toReversed()
}
