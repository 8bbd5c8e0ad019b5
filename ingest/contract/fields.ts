import { isDay } from '../../helpers/core/days.ts'

/**
 * Reads the fields of a record: each function gives the canonical text, or undefined when the text is not
 * one.
 */

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/
const PLAIN = /^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/

/**
 * A decimal number in canonical form: no exponent, no plus sign, no zeros that say nothing. `13.50`, `+13.5`
 * and `1.35e1` are one value, and must not become three rows or three hashes. Digits are kept as they are;
 * nothing passes through a float.
 */
export function decimal(text: string): string | undefined {
  if (PLAIN.test(text)) return text === '-0' ? '0' : text
  if (!DECIMAL.test(text)) return undefined
  const [mantissa = '', exponent = '0'] = text.replace(/^[+-]/, '').toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  const left = (point > 0 ? digits.slice(0, point).padEnd(point, '0') : '').replace(/^0+/, '')
  const right = (point > 0 ? digits.slice(point) : '0'.repeat(-point) + digits).replace(/0+$/, '')
  const value = `${left === '' ? '0' : left}${right === '' ? '' : `.${right}`}`
  return text.startsWith('-') && value !== '0' ? `-${value}` : value
}

/** A Central Index Key as ten digits; undefined when it is none. */
export const cikOf = (text: string): string | undefined =>
  /^\d{1,10}$/.test(text) && /[1-9]/.test(text) ? text.padStart(10, '0') : undefined

/** A whole number in canonical form. */
export const wholeNumber = (text: string): string | undefined => {
  const value = decimal(text)
  return value !== undefined && /^-?\d{1,9}$/.test(value) ? value : undefined
}

const FLAGS: Readonly<Record<string, string>> = { true: 'true', false: 'false', 1: 'true', 0: 'false' }

const MOMENT = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})$/

/** A moment in UTC to the second; undefined without an offset. */
function utcOf(text: string): string | undefined {
  const ms = MOMENT.test(text) && isDay(text.slice(0, 10)) ? Date.parse(text.replace(' ', 'T')) : Number.NaN
  return Number.isNaN(ms) ? undefined : `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/**
 * The least and the greatest plausible value of each kind of number; docs/flat-files.md lists them. A value
 * outside is a fault of its source: the highest price ever traded in the United States is below 1,000,000.
 */
export const RANGES = {
  price: { min: 0.000001, max: 10_000_000, text: 'a price from 0.000001 to 10,000,000' },
  volume: { min: 0, max: 1e12, text: 'a number of shares from 0 to 1,000,000,000,000' },
  cash: { min: 0, max: 1_000_000, text: 'an amount from 0 to 1,000,000' },
  ratio: { min: 0.000001, max: 1_000_000, text: 'a ratio from 0.000001 to 1,000,000' },
  shares: { min: 0, max: 1_000_000, text: 'a number of shares from 0 to 1,000,000' },
  rate: { min: 1e-9, max: 1e9, text: 'a rate from 0.000000001 to 1,000,000,000' },
  fact: { min: -1e18, max: 1e18, text: 'a number from -10^18 to 10^18' },
} as const

/**
 * How a listing can end, as adapters write it in `delisting_code`. `merger_mixed` pays cash and shares;
 * `not_known` is an end of which the source reports no more.
 */
export const DELISTING_CODES = [
  'merger_cash',
  'merger_stock',
  'merger_mixed',
  'liquidation',
  'worthless',
  'moved_to_otc',
  'moved_exchange',
  'redeemed',
  'expired',
  'not_known',
] as const

/**
 * Collects the faults of one record. Every getter gives the canonical value, or null and, where there is a
 * fault, remembers it, so that a reject names all that is wrong at once.
 */
export const reading = (record: Readonly<Record<string, string | null>>): Reading => new Reading(record)

/** A class, and not a closure for each getter: one is made for each of millions of records. */
export class Reading {
  readonly faults: string[] = []
  readonly #record: Readonly<Record<string, string | null>>

  constructor(record: Readonly<Record<string, string | null>>) {
    this.#record = record
  }

  fault(text: string): void {
    this.faults.push(text)
  }

  text(field: string): string | null {
    return this.#record[field] ?? null
  }

  /** A decimal number within a range. A float decides: it is exact enough for limits this far out. */
  within(field: string, range: (typeof RANGES)[keyof typeof RANGES]): string | null {
    const text = this.text(field)
    if (text === null) return null
    const value = decimal(text)
    if (value === undefined) return this.#not(field, text, range.text)
    const number = Number(value)
    return number >= range.min && number <= range.max ? value : this.#not(field, text, range.text)
  }

  day(field: string): string | null {
    const text = this.text(field)
    return text === null || isDay(text) ? text : this.#not(field, text, 'a day YYYY-MM-DD')
  }

  cik(field: string): string | null {
    return this.#take(field, 'a CIK of up to ten digits', cikOf)
  }

  whole(field: string): string | null {
    return this.#take(field, 'a whole number', wholeNumber)
  }

  /** A moment with an offset from UTC, in UTC. */
  moment(field: string): string | null {
    return this.#take(field, 'a time with an offset from UTC, e.g. 2024-02-01T16:30:00-05:00', utcOf)
  }

  /** True or false; 1 and 0 are these. */
  flag(field: string): string | null {
    return this.#take(field, 'true or false', (text) => FLAGS[text.toLowerCase()])
  }

  matching(field: string, what: string, pattern: RegExp): string | null {
    const upper = (text: string) => (pattern.test(text.toUpperCase()) ? text.toUpperCase() : undefined)
    return this.#take(field, what, upper)
  }

  /** Says that the field must be there. */
  required<T>(field: string, value: T | null): value is T {
    if (value !== null) return true
    if (this.text(field) === null) this.faults.push(`${field} is missing`)
    return false
  }

  #take(field: string, what: string, canonical: (text: string) => string | undefined): string | null {
    const text = this.text(field)
    if (text === null) return null
    return canonical(text) ?? this.#not(field, text, what)
  }

  #not(field: string, text: string, what: string): null {
    this.faults.push(`${field} is "${text.slice(0, 60)}", not ${what}`)
    return null
  }
}
