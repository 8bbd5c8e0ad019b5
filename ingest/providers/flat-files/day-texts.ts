import type { Mapping } from './mapping.ts'
import { dayOfMoment } from './parquet-values.ts'

const PLAIN_DAY = /^\d{4}-\d\d-\d\d$/
/** A day with a time and no zone, as `2020-01-31 16:00:00`: the day on its clock. Midnight UTC likewise. */
const TIMED_DAY =
  /^(\d{4}-\d\d-\d\d)[T ](?:\d\d:\d\d(?::\d\d(?:\.\d+)?)?|00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00))$/
const MOMENT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/

const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]

/** The number of a month by its English name or its first three letters (or `Sept`), as two digits. */
function monthOf(name: string): string | undefined {
  const text = name.toLowerCase()
  const at = MONTHS.findIndex(
    (month) => month === text || month.slice(0, 3) === text || (text === 'sept' && month === 'september'),
  )
  return at === -1 ? undefined : String(at + 1).padStart(2, '0')
}

/** Days with the name of a month, which can be read in one way only. */
const DAY_FIRST = /^(\d\d?)[-/ .]([A-Za-z]{3,9})\.?[-/ ,]+(\d{4})$/
const MONTH_FIRST = /^([A-Za-z]{3,9})\.?[-/ ]+(\d\d?),?[-/ ]+(\d{4})$/

function namedMonth(text: string): string | undefined {
  const [, first_day, day_name, day_year] = DAY_FIRST.exec(text) ?? []
  const [, month_name, second_day, month_year] = MONTH_FIRST.exec(text) ?? []
  const month = monthOf(day_name ?? month_name ?? '')
  if (month === undefined) return undefined
  return `${day_year ?? month_year}-${month}-${(first_day ?? second_day ?? '').padStart(2, '0')}`
}

const UNITS_A_SECOND = {
  epoch_s: 1n,
  epoch_ms: 1_000n,
  epoch_us: 1_000_000n,
  epoch_ns: 1_000_000_000n,
} as const

/** The reader of days under a mapping. A text that it does not understand is returned unchanged. */
export function dayMaker({ date_format, timezone }: Mapping): (text: string) => string {
  const zoned = timezone === undefined ? undefined : dayIn(timezone)
  if (date_format?.startsWith('epoch_') === true) {
    const unit = UNITS_A_SECOND[date_format as keyof typeof UNITS_A_SECOND]
    return (text) =>
      /^-?\d{1,19}$/.test(text) && zoned !== undefined ? zoned(Number(BigInt(text) / unit) * 1_000) : text
  }
  if (date_format !== undefined) return formatted(date_format)
  const moment = zoned ?? dayOfEpoch
  return (text) => {
    // Nearly every day is one, and none of the other forms is.
    if (PLAIN_DAY.test(text)) return text
    return MOMENT.test(text)
      ? (moment(Date.parse(text.replace(' ', 'T'))) ?? text)
      : (TIMED_DAY.exec(text)?.[1] ?? namedMonth(text) ?? text)
  }
}

const days = new Map<number, string | undefined>()

/** As in Parquet: midnight UTC or midnight in New York is a day, any other moment is not. */
function dayOfEpoch(epoch_ms: number): string | undefined {
  if (Number.isNaN(epoch_ms)) return undefined
  const day = days.has(epoch_ms) ? days.get(epoch_ms) : dayOfMoment(BigInt(epoch_ms) * 1_000_000n)
  if (days.size < 100_000) days.set(epoch_ms, day)
  return day
}

const PATTERNS: Readonly<Record<string, string>> = {
  YYYY: '(\\d{4})',
  MMMM: '([A-Za-z]{3,9})\\.?',
  MMM: '([A-Za-z]{3,9})\\.?',
  MM: '(\\d\\d?)',
  DD: '(\\d\\d?)',
  HH: '\\d\\d',
  mm: '\\d\\d',
  ss: '\\d\\d(?:\\.\\d+)?',
  T: 'T',
}

function formatted(format: string): (text: string) => string {
  const order: string[] = []
  const pattern = format.replace(/YYYY|MMMM|MMM|MM|DD|HH|mm|ss|T|[^A-Za-z0-9]/g, (token) => {
    if (token.startsWith('Y') || token.startsWith('M') || token === 'DD') order.push(token)
    return PATTERNS[token] ?? `\\${token}`
  })
  // Without signs between them, parts have their full width.
  const isUnsigned = /(YYYY|MM|DD)(YYYY|MM|DD)/.test(format.replace(/M{3,4}/, ''))
  const strict = new RegExp(`^${isUnsigned ? pattern.replaceAll('\\d\\d?', '\\d\\d') : pattern}$`)
  return (text) => {
    const parts = strict.exec(text)?.slice(1)
    if (parts === undefined) return text
    const part = (token: string): string | undefined => parts[order.indexOf(token)]
    const named = part('MMMM') ?? part('MMM')
    const month = named === undefined ? part('MM') : monthOf(named)
    if (month === undefined) return text
    return `${part('YYYY')}-${month.padStart(2, '0')}-${(part('DD') ?? '').padStart(2, '0')}`
  }
}

/** Days on a zone's clock. A delivery has a few thousand different moments and millions of records. */
function dayIn(timeZone: string): (epoch_ms: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  })
  const known = new Map<number, string>()
  return (epoch_ms) => {
    if (!(Math.abs(epoch_ms) < 8e15)) return `${epoch_ms}`
    const day = known.get(epoch_ms) ?? format.format(epoch_ms)
    if (known.size < 100_000) known.set(epoch_ms, day)
    return day
  }
}
