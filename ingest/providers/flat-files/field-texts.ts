import { decimal } from '../../contract/fields.ts'
import { dayMaker } from './day-texts.ts'
import { DAYS, NAMES, NULL_DAYS, NULL_TOKENS, NUMBERS } from './layout.ts'
import type { Mapping } from './mapping.ts'

/** Turns the text of a field in a file into ours: null for every word that means "not known". */
export type FieldText = (text: string | null | undefined) => string | null

/**
 * The reader of one field under a mapping. `column` is the name of the field in mapping.json. A text that it
 * does not understand is returned unchanged, and is rejected by that text later.
 */
export function fieldText(field: string, column: string, mapping: Mapping): FieldText {
  const nulls = new Set([
    ...(NAMES.has(field) ? [] : NULL_TOKENS),
    ...(DAYS.has(field) ? NULL_DAYS : []),
    ...mapping.nulls,
  ])
  // Few values are as short as these words, and only they are looked up.
  const null_length_max = Math.max(0, ...[...nulls].map(({ length }) => length))
  const makes = makerOf(field, column, mapping)
  return (text) => {
    if (text === undefined || text === null) return null
    const value = text.trim()
    if (value === '' || (value.length <= null_length_max && nulls.has(value))) return null
    return makes === undefined ? value : makes(value)
  }
}

type Maker = (text: string) => string

function makerOf(field: string, column: string, mapping: Mapping): Maker | undefined {
  if (DAYS.has(field)) return dayMaker(mapping)
  if (field === 'ticker') return symbolMaker(mapping)
  return NUMBERS.has(field) ? numberMaker(column, mapping) : undefined
}

/** Thousands, millions, billions and trillions, as powers of ten. */
const SUFFIXES: Readonly<Record<string, number>> = { K: 3, M: 6, B: 9, T: 12 }

/** Undefined where numbers are read as they are. */
function numberMaker(column: string, mapping: Mapping): Maker | undefined {
  const { currency_sign, thousands, unit_suffixes } = mapping
  const scale = mapping.scale[column]
  const isPlain =
    mapping.decimal === '.' && scale === undefined && thousands === undefined && currency_sign === undefined
  if (isPlain && !unit_suffixes) return undefined
  const scaled_by = scale === undefined ? 0 : exponentOf(scale)
  return (text) => {
    let plain = currency_sign === undefined ? text : withoutSign(text, currency_sign)
    let exponent = scaled_by
    const suffix = unit_suffixes ? SUFFIXES[plain.slice(-1).toUpperCase()] : undefined
    if (suffix !== undefined) {
      plain = plain.slice(0, -1).trim()
      exponent += suffix
    }
    plain = ungrouped(plain, thousands, mapping.decimal)
    const value = exponent === 0 ? undefined : decimal(plain)
    return value === undefined ? plain : (decimal(`${value}e${exponent}`) ?? plain)
  }
}

/** The exponent of a power of ten: −4 for `0.0001`, 3 for `1000`. */
const exponentOf = (power: string): number => (power.startsWith('0') ? 2 - power.length : power.length - 1)

/** `$1.50`, `-$1.50` and `1.50 $` without the sign. */
function withoutSign(text: string, sign: string): string {
  const minus = text.startsWith('-') ? '-' : ''
  const rest = text.slice(minus.length).trim()
  if (rest.startsWith(sign)) return `${minus}${rest.slice(sign.length).trim()}`
  return rest.endsWith(sign) ? `${minus}${rest.slice(0, -sign.length).trim()}` : text
}

/**
 * `1.234,56` or `1,234.56` as `1234.56`. A text whose signs are in other places is not a number, and must not
 * become one: it is returned in quotes, to be rejected.
 */
function ungrouped(text: string, thousands: string | undefined, point: string): string {
  // With a decimal comma, points between groups of three digits are understood without being stated.
  const group = thousands ?? (point === ',' ? '.' : undefined)
  if (point === '.' && (group === undefined || !text.includes(group))) return text
  const [whole = '', fraction, ...more] = text.split(point)
  const sign = /^[+-]/.exec(whole)?.[0] ?? ''
  const groups = group === undefined ? [whole.slice(sign.length)] : whole.slice(sign.length).split(group)
  const isGrouped = groups.length > 1
  const isFit =
    more.length === 0 &&
    (!isGrouped ||
      (/^\d{1,3}$/.test(groups[0] ?? '') && groups.slice(1).every((each) => /^\d{3}$/.test(each)))) &&
    (group === undefined || !(fraction ?? '').includes(group)) &&
    !(point === ',' && (isGrouped ? false : whole.includes('.')))
  if (!isFit) return `"${text}" with the decimal sign "${point}"`
  return `${sign}${groups.join('')}${fraction === undefined ? '' : `.${fraction}`}`
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
