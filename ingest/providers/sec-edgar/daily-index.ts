import { addDays } from '../../../helpers/core/days.ts'
import { newYorkOffsetMinutes } from '../../calendar/new-york.ts'

// The SEC publishes an index of the filings of each day, in several orders, e.g. master.20260824.idx (by
// filer) and form.20260824.idx (by form). Neither has a count of its lines, so that one that ends too early
// looks complete. The two have the same filings: they are compared.

const MINUTE_MS = 60_000
/** EDGAR takes filings from 06:00 to 22:00 in New York; the index of a day is complete after that. */
const OPENS_MINUTE = 6 * 60
const CLOSES_MINUTE = 22 * 60

const DAY = '\\d{8}|\\d{4}-\\d{2}-\\d{2}'
const FILE = 'edgar/data/(\\d{1,10})/(\\d{10}-\\d{2}-\\d{6})\\.txt'
/** The filer of the line, the filer of the address, and the number of the filing. */
const LINES = {
  master: new RegExp(`^(\\d{1,10})\\|.*\\|[^|]+\\|(?:${DAY})\\|${FILE}\\s*$`),
  form: new RegExp(`^\\S.*\\s(\\d{1,10})\\s+(?:${DAY})\\s+${FILE}\\s*$`),
} as const
const RULE = /^-{40,}\s*$/
const RECEIVED = /^Last Data Received:\s*(\S.*?)\s*$/m

export type IndexKind = keyof typeof LINES

/** The filers of an index by each of its filings: `cik accession`, the CIK with ten digits. */
type Filings = ReadonlySet<string>

/**
 * The filers that the two indexes of a day name.
 *
 * @throws RangeError if they are not complete indexes of that day, as far as they can tell.
 */
export function filersOfDay(day: string, texts: Readonly<Record<IndexKind, string>>): ReadonlySet<string> {
  const master = filingsOf('master', texts.master, day)
  const form = filingsOf('form', texts.form, day)
  const missing = [...master.symmetricDifference(form)][0]
  if (missing !== undefined)
    throw new RangeError(
      `the indexes of ${day} differ: by filer it has ${master.size} filings and by form ${form.size}; ` +
        `only one of them has ${missing}`,
    )
  return new Set([...master].map((filing) => filing.slice(0, 10)))
}

function filingsOf(kind: IndexKind, text: string, day: string): Filings {
  const where = `the index ${kind} of ${day}`
  const received = Date.parse(`${RECEIVED.exec(text)?.[1]} UTC`)
  if (!(received >= Date.parse(day)))
    throw new RangeError(`${where} does not state that its data was received on that day or later`)
  if (!text.endsWith('\n')) throw new RangeError(`${where} ends in the middle of a line`)
  const lines = text.split(/\r?\n/)
  const rule = lines.findIndex((line) => RULE.test(line))
  if (rule < 0) throw new RangeError(`${where} has no line that ends its heading`)
  const filings = new Set<string>()
  for (const [at, line] of lines.entries()) {
    if (at <= rule || line.trim() === '') continue
    const [, filer = '', filer_of_file = '', accession = ''] = LINES[kind].exec(line) ?? []
    if (accession === '') throw new RangeError(`${where} has a line ${at + 1} of another form`)
    // A report of an insider is listed for the insider and for the company, with the address of one of them.
    for (const cik of [filer, filer_of_file]) filings.add(`${cik.padStart(10, '0')} ${accession}`)
  }
  if (filings.size === 0) throw new RangeError(`${where} has no filings`)
  return filings
}

/**
 * The days whose indexes name everything that was filed from `since_date` until `now`: weekdays, since EDGAR
 * takes no filings on others.
 *
 * @throws RangeError if there is none, or if the last one cannot be complete yet.
 */
export function indexDays(since_date: string, now: Date): string[] {
  const local = new Date(now.getTime() + newYorkOffsetMinutes(now.toISOString().slice(0, 10)) * MINUTE_MS)
  const minute = local.getUTCHours() * 60 + local.getUTCMinutes()
  const today = local.toISOString().slice(0, 10)
  const last = minute < OPENS_MINUTE ? addDays(today, -1) : today
  const days: string[] = []
  for (let day = since_date; day <= last; day = addDays(day, 1)) if (isWeekday(day)) days.push(day)
  if (days.length === 0) throw new RangeError(`no day from ${since_date} to ${last} has an index`)
  if (days.at(-1) === today && minute < CLOSES_MINUTE)
    throw new RangeError(`the index of ${today} is complete after 22:00 in New York`)
  return days
}

const isWeekday = (day: string): boolean => ![0, 6].includes(new Date(`${day}T00:00:00Z`).getUTCDay())
