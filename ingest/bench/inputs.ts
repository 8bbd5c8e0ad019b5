import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { sessions } from '../calendar/xnys.ts'

/** How large the generated delivery is. */
export interface BenchSize {
  readonly securities: number
  readonly sessions: number
  readonly filers: number
  readonly facts: number
}

/** The window of the generated prices starts here. */
export const FIRST_DAY = '2016-01-04'
const LAST_DAY = '2025-12-31'

/** The days of the generated prices, oldest first. */
export const daysOf = (count: number): string[] =>
  sessions(FIRST_DAY, LAST_DAY)
    .slice(0, count)
    .map(({ session_date }) => session_date)

/** Mulberry32: equal seeds give equal inputs on every machine. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const idOf = (at: number): string => `bench:s${String(at).padStart(6, '0')}`
const cikOf = (at: number): string => String(990_000_000 + at).padStart(10, '0')

/**
 * Writes a delivery of invented securities and filers: a random walk for each security, four dividends a
 * year, a split for every fifth, and as many facts as a real filer has.
 *
 * @param changed_ratio the share of bars whose volume is another one than with 0.
 */
export async function writeInputs(root: string, size: BenchSize, seed: number, changed_ratio = 0) {
  const days = daysOf(size.sessions)
  const securities = Array.from({ length: size.securities }, (_, at) => at)
  const filers = Array.from({ length: size.filers }, (_, at) => at)
  const write = async (file: string, lines: Iterable<string>): Promise<void> => {
    await mkdir(dirname(join(root, file)), { recursive: true })
    await pipeline(Readable.from(chunks(lines)), createWriteStream(join(root, file)))
  }
  await write('universe.csv', ['source_id,ticker', ...securities.map((at) => `${idOf(at)},B${at}`)])
  await write('securities/securities.csv', [
    'source_id,ticker,cik,list_date',
    ...securities.map((at) => `${idOf(at)},B${at},${filers[at] === undefined ? '' : cikOf(at)},${FIRST_DAY}`),
  ])
  await write('ticker_history/ticker_history.csv', [
    'source_id,ticker,valid_from,valid_to',
    ...securities.map((at) => `${idOf(at)},B${at},${FIRST_DAY},`),
  ])
  await write('prices_daily/prices.csv', barLines(securities, days, seed, changed_ratio))
  await write('dividends/dividends.csv', dividendLines(securities, days))
  await write('splits/splits.csv', [
    'source_id,ex_date,split_from,split_to',
    ...securities
      .filter((at) => at % 5 === 0)
      .map((at) => `${idOf(at)},${days[Math.floor(days.length / 2)]},1,2`),
  ])
  for (const at of filers) await write(`fundamentals/CIK${cikOf(at)}.csv`, factLines(cikOf(at), size.facts))
}

function* barLines(securities: readonly number[], days: readonly string[], seed: number, changed: number) {
  yield 'source_id,date,open,high,low,close,volume'
  const split_day = days[Math.floor(days.length / 2)] ?? ''
  for (const at of securities) {
    const random = randomOf(seed + at)
    const isChanged = randomOf(seed - at - 1)
    let close = 40 + (at % 200)
    for (const day of days) {
      if (day === split_day && at % 5 === 0) close /= 2
      const open = Math.max(1, close * (1 + (random() - 0.5) / 50))
      close = Math.max(1, open * (1 + (random() - 0.5) / 50))
      const high = Math.max(open, close) + random() / 4 + 0.01
      const low = Math.max(0.5, Math.min(open, close) - random() / 4 - 0.01)
      const volume = Math.floor(random() * 1e7) + (isChanged() < changed ? 1 : 0)
      const prices = [open, high, low, close].map((price) => price.toFixed(2))
      yield `${idOf(at)},${day},${prices.join(',')},${volume}`
    }
  }
}

function* dividendLines(securities: readonly number[], days: readonly string[]) {
  yield 'source_id,ex_date,amount,currency'
  for (const at of securities)
    for (let day = 40 + (at % 20); day < days.length; day += 63) yield `${idOf(at)},${days[day]},0.10,USD`
}

const TAGS = 200
/** Of 6,964 periods that Apple's filings report again, 425 were restated: one in sixteen. */
const RESTATED_EVERY = 16
const RESTATED_BY = 70_000
/**
 * Facts as EDGAR has them: each report states a period for every tag, and the two reports after it again,
 * with the same value or a restated one.
 */
function* factLines(cik: string, count: number) {
  yield 'cik,taxonomy,tag,unit,start,end,value,accession,form,fiscal_year,fiscal_period,filed,frame'
  for (let at = 0; at < count; at += 1) {
    const tag = at % TAGS
    const report = Math.floor(at / TAGS)
    const quarter = Math.floor(report / 3)
    const again = report % 3
    const { start, end } = periodOf(quarter)
    const filed = new Date(Date.parse(end) + (40 + 91 * again) * 86_400_000).toISOString().slice(0, 10)
    const form = quarter % 4 === 3 ? '10-K' : '10-Q'
    const name = NAMED[tag] ?? `Item${tag}`
    const begin = INSTANTS.has(name) ? '' : start
    const period = form === '10-K' ? 'FY' : `Q${(quarter % 4) + 1}`
    const is_restated = again > 0 && (quarter + tag) % RESTATED_EVERY === 0
    const value = 1_000_000 + (quarter * TAGS + tag) * 21 + (is_restated ? RESTATED_BY : 0)
    const fact = [cik, 'us-gaap', name, 'USD', begin, end, value, `${cik}-${quarter}-${again}`]
    yield [...fact, form, end.slice(0, 4), period, filed, ''].join(',')
  }
}

const NAMED = [
  'Revenues',
  'NetIncomeLoss',
  'Assets',
  'Liabilities',
  'StockholdersEquity',
  'OperatingIncomeLoss',
]
const INSTANTS = new Set(['Assets', 'Liabilities', 'StockholdersEquity'])

/** A calendar quarter; the fourth is reported as a year. */
function periodOf(quarter: number): { readonly start: string; readonly end: string } {
  const year = 1985 + Math.floor(quarter / 4)
  const month = 3 * (quarter % 4)
  const start = new Date(Date.UTC(year, month === 9 ? 0 : month, 1)).toISOString().slice(0, 10)
  const end = new Date(Date.UTC(year, month + 3, 0)).toISOString().slice(0, 10)
  return { start, end }
}

const LINES_A_CHUNK = 2_000
function* chunks(lines: Iterable<string>): Generator<string> {
  let held: string[] = []
  for (const line of lines) {
    held.push(line)
    if (held.length < LINES_A_CHUNK) continue
    yield `${held.join('\n')}\n`
    held = []
  }
  if (held.length > 0) yield `${held.join('\n')}\n`
}
