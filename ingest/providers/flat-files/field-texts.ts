import { decimal } from '../../contract/fields.ts'
import { DAYS, NAMES, NULL_TOKENS, NUMBERS } from './layout.ts'
import type { Mapping } from './mapping.ts'

/** Makes the text of a field of what stands in a file: null for every word that means "not known". */
export type FieldText = (text: string | null | undefined) => string | null

/**
 * A day with a time of no zone, as `2020-01-31 00:00:00`: the day that its clock shows. Or with midnight UTC,
 * as `…T00:00:00.000Z`.
 */
const TIMED_DAY =
  /^(\d{4}-\d\d-\d\d)[T ](?:\d\d:\d\d(?::\d\d(?:\.\d+)?)?|00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00))$/
const MOMENT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/

/**
 * The reader of one field under a mapping. `column` is our name of it in a header. A text that it cannot make
 * sense of stays as it is.
 */
export function fieldText(field: string, column: string, mapping: Mapping): FieldText {
  const nulls = new Set([...(NAMES.has(field) ? [] : NULL_TOKENS), ...mapping.nulls])
  const makes = makerOf(field, column, mapping)
  return (text) => {
    if (text === undefined || text === null) return null
    const value = text.trim()
    return value === '' || nulls.has(value) ? null : makes === undefined ? value : makes(value)
  }
}

function makerOf(field: string, column: string, mapping: Mapping): ((text: string) => string) | undefined {
  if (DAYS.has(field)) return dayMaker(mapping)
  if (field === 'ticker') return symbolMaker(mapping)
  const scale = mapping.scale[column]
  if (!NUMBERS.has(field) || (mapping.decimal === '.' && scale === undefined)) return undefined
  const exponent = scale === undefined ? 0 : scale.startsWith('0') ? 2 - scale.length : scale.length - 1
  return (text) => {
    const plain = mapping.decimal === ',' ? withPoint(text) : text
    return exponent === 0 || decimal(plain) === undefined
      ? plain
      : (decimal(`${decimal(plain)}e${exponent}`) ?? plain)
  }
}

/**
 * `1.234,56` and `1234,56` with a point; a text with points in other places is no number, and must not become
 * one.
 */
function withPoint(text: string): string {
  const isGrouped = /^[+-]?\d{1,3}(\.\d{3})+(,\d*)?$/.test(text)
  return isGrouped || !text.includes('.')
    ? text.replaceAll('.', '').replace(',', '.')
    : `"${text}" with a decimal comma`
}

function symbolMaker({
  symbol_transform: { strip_suffix, upper_case, replace },
}: Mapping): ((text: string) => string) | undefined {
  if (strip_suffix === undefined && upper_case !== true && replace === undefined) return undefined
  return (text) => {
    let symbol = upper_case === true ? text.toUpperCase() : text
    if (strip_suffix !== undefined && symbol.endsWith(strip_suffix))
      symbol = symbol.slice(0, -strip_suffix.length)
    for (const [from, to] of Object.entries(replace ?? {})) symbol = symbol.replaceAll(from, to)
    return symbol
  }
}

const UNITS_A_SECOND = {
  epoch_s: 1n,
  epoch_ms: 1_000n,
  epoch_us: 1_000_000n,
  epoch_ns: 1_000_000_000n,
} as const

function dayMaker({ date_format, timezone }: Mapping): (text: string) => string {
  const zoned = timezone === undefined ? undefined : dayIn(timezone)
  if (date_format?.startsWith('epoch_') === true) {
    const unit = UNITS_A_SECOND[date_format as keyof typeof UNITS_A_SECOND]
    return (text) =>
      /^-?\d{1,19}$/.test(text) && zoned !== undefined ? zoned(Number(BigInt(text) / unit) * 1_000) : text
  }
  if (date_format !== undefined) return formatted(date_format)
  return (text) =>
    zoned !== undefined && MOMENT.test(text)
      ? zoned(Date.parse(text.replace(' ', 'T')))
      : (TIMED_DAY.exec(text)?.[1] ?? text)
}

function formatted(format: string): (text: string) => string {
  const order: string[] = []
  const pattern = format.replace(/YYYY|MM|DD|[^A-Za-z0-9]/g, (token) => {
    if (!/[A-Z]/.test(token)) return `\\${token}`
    order.push(token)
    return token === 'YYYY' ? '(\\d{4})' : '(\\d\\d?)'
  })
  // Without signs between them, parts have their full width.
  const strict = new RegExp(`^${/[^A-Z]/.test(format) ? pattern : pattern.replaceAll('\\d\\d?', '\\d\\d')}$`)
  return (text) => {
    const parts = strict.exec(text)?.slice(1)
    if (parts === undefined) return text
    const part = (token: string): string => (parts[order.indexOf(token)] ?? '').padStart(2, '0')
    return `${part('YYYY')}-${part('MM')}-${part('DD')}`
  }
}

/** Days as a zone's clock shows them. A delivery has a few thousand different moments and millions of records. */
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
