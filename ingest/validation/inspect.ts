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

/** Columns as vendors name them; all but date and close may be missing. */
const COLUMNS = {
  date: ['date', 'datetime', 'trade_date'],
  high: ['high'],
  low: ['low'],
  close: ['close'],
  adj_close: ['adj close', 'adj_close', 'adjusted_close', 'adjclose'],
  volume: ['volume'],
  dividend: ['dividends', 'dividend', 'dividend_amount', 'ex_dividend'],
  gains: ['capital gains', 'capital_gains'],
  split: ['stock splits', 'split', 'split_coefficient', 'split_ratio'],
} as const

/** What vendors write for "not known". */
const NOT_KNOWN = /^(nan|null|none|n\/?a|\.|-)?$/i

/**
 * Judges one vendor's daily series (CSV or gzipped CSV, split-adjusted closes with adjusted closes, dividends
 * and splits beside them) without a second source. Returns one sentence for each number that is none and each
 * contradiction; none when the file can be right.
 *
 * @throws FormatError when the file has no date or no close, or cannot be read as CSV.
 */
export async function inspectSeries(file: string): Promise<string[]> {
  const bytes = await readFile(file)
  let rows: Record<string, string>[]
  try {
    rows = parse(file.endsWith('.gz') ? gunzipSync(bytes) : bytes, {
      columns: (header: string[]) => header.map((name) => name.trim().toLowerCase()),
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
      split: number('split', 0),
    }
  })
  const suspicions = suspicionsIn(bars).map(
    ({ defect, date, detail }) => `${date.slice(0, 10)}: ${WORDS[defect]} (${detail}) [${defect}]`,
  )
  return [...unreadable, ...suspicions]
}
