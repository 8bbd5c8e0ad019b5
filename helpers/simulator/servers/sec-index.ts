import { compareText } from '../market/order.ts'
import type { World } from '../market/types.ts'
import { filingsOf } from './sec-documents.ts'

/** What is wrong with the index of a day: it is not published, or it ends between two lines. */
export type IndexFault = 'missing' | 'cut'

interface Row {
  readonly cik: string
  readonly name: string
  readonly form: string
  readonly accession: string
}

/** Companies that file every day and are in no universe: an index has thousands of them. */
const STRANGERS = Array.from({ length: 20 }, (_, at) => ({
  cik: String(1_900_000 + at),
  name: `STRANGER ${at + 1} /DE/`,
}))
const PATH = /^\/Archives\/edgar\/daily-index\/(\d{4})\/QTR([1-4])\/(master|form)\.(\d{4})(\d\d)(\d\d)\.idx$/

/**
 * The daily indexes of the simulated SEC by path: what was filed since the index before. One is published for
 * each session until the end of the world. Undefined where there is none.
 */
export function dailyIndexes(
  world: World,
  faults: Readonly<Record<string, IndexFault>>,
): (path: string) => string | undefined {
  let filed: ReadonlyMap<string, readonly Row[]> | undefined
  return (path) => {
    const [, year, quarter, kind, of_year, month, of_month] = PATH.exec(path) ?? []
    const day = `${of_year}-${month}-${of_month}`
    if (kind === undefined || of_year !== year || Math.ceil(Number(month) / 3) !== Number(quarter))
      return undefined
    const fault = faults[day]
    if (day > world.end_date || !world.calendar.isSession(day) || fault === 'missing') return undefined
    filed ??= filedByDay(world)
    const rows = [...(filed.get(day) ?? []), ...strangersOn(day)]
    const text = kind === 'master' ? masterIndex(day, rows) : formIndex(day, rows)
    return fault === 'cut' && kind === 'master' ? firstHalf(text) : text
  }
}

/** Filings by the day of their index: their own, or the next session. */
function filedByDay(world: World): Map<string, Row[]> {
  const byDay = new Map<string, Row[]>()
  for (const filer of world.filers)
    for (const { accessionNumber, filingDate, form } of filingsOf(world, filer)) {
      const day = world.calendar.onOrAfter(filingDate)
      const row = { cik: String(Number(filer.cik)), name: filer.name, form, accession: accessionNumber }
      byDay.set(day, [...(byDay.get(day) ?? []), row])
    }
  return byDay
}

const strangersOn = (day: string): Row[] =>
  STRANGERS.map(({ cik, name }, at) => ({
    cik,
    name,
    form: at % 2 === 0 ? '4' : 'SC 13G/A',
    accession: `000${cik}-${day.slice(2, 4)}-${day.slice(5, 7)}${day.slice(8)}${String(at).padStart(2, '0')}`,
  }))

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const heading = (day: string, title: string): string[] => [
  `Description:           ${title}`,
  `Last Data Received:    ${MONTHS[Number(day.slice(5, 7)) - 1]} ${Number(day.slice(8))}, ${day.slice(0, 4)}`,
  'Comments:              webmaster@sec.gov',
  'Anonymous FTP:         ftp://ftp.sec.gov/edgar/',
  '',
]
const fileOf = ({ cik, accession }: Row): string => `edgar/data/${cik}/${accession}.txt`
const compact = (day: string): string => day.replaceAll('-', '')

function masterIndex(day: string, rows: readonly Row[]): string {
  const lines = rows
    .toSorted((a, b) => Number(a.cik) - Number(b.cik) || compareText(a.form, b.form))
    .map((row) => [row.cik, row.name, row.form, compact(day), fileOf(row)].join('|'))
  return [
    ...heading(day, 'Daily Index of EDGAR Dissemination Feed'),
    'CIK|Company Name|Form Type|Date Filed|File Name',
    '-'.repeat(80),
    ...lines,
    '',
  ].join('\n')
}

/** Columns of fixed width; the heading of the real one is broken after "CIK". */
function formIndex(day: string, rows: readonly Row[]): string {
  const lines = rows
    .toSorted((a, b) => compareText(a.form, b.form) || compareText(a.name, b.name))
    .map((row) =>
      [
        row.form.padEnd(17),
        row.name.padEnd(62),
        row.cik.padEnd(12),
        compact(day).padEnd(12),
        fileOf(row).padEnd(60),
      ].join(''),
    )
  return [
    ...heading(day, 'Daily Index of EDGAR Dissemination Feed by Form Type'),
    `Form Type   ${'Company Name'.padEnd(62)}CIK`,
    '      Date Filed  File Name',
    '-'.repeat(141),
    ...lines,
    '',
  ].join('\n')
}

function firstHalf(text: string): string {
  const lines = text.split('\n')
  return `${lines.slice(0, 10 + Math.floor((lines.length - 10) / 3)).join('\n')}\n`
}
