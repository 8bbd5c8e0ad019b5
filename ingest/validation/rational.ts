/** An exact fraction; `d` is above zero. */
export interface Rational {
  readonly n: bigint
  readonly d: bigint
}

export const ONE: Rational = { n: 1n, d: 1n }
export const ZERO: Rational = { n: 0n, d: 1n }

/** The exact value of a plain decimal, e.g. `-12.50`. */
export function rational(decimal: string): Rational {
  const [, sign, whole = '', fraction = ''] = /^(-?)(\d*)(?:\.(\d*))?$/.exec(decimal) ?? []
  if (sign === undefined) throw new RangeError(`"${decimal}" is not a plain decimal.`)
  return { n: BigInt(`${sign}${whole}${fraction}`), d: 10n ** BigInt(fraction.length) }
}

export const add = (a: Rational, b: Rational): Rational =>
  a.d === b.d ? { n: a.n + b.n, d: a.d } : { n: a.n * b.d + b.n * a.d, d: a.d * b.d }
export const subtract = (a: Rational, b: Rational): Rational => add(a, { n: -b.n, d: b.d })
export const multiply = (a: Rational, b: Rational): Rational => ({ n: a.n * b.n, d: a.d * b.d })
export const divide = (a: Rational, b: Rational): Rational =>
  b.n < 0n ? { n: -a.n * b.d, d: a.d * -b.n } : { n: a.n * b.d, d: a.d * b.n }
export const equals = (a: Rational, b: Rational): boolean => a.n * b.d === b.n * a.d
/** Negative, zero or positive, as `a` is below, equal to or above `b`. */
export const compare = (a: Rational, b: Rational): bigint => a.n * b.d - b.n * a.d

/** The plain decimal without zeros at its end; `d` must be a power of ten. */
export function decimalText({ n, d }: Rational): string {
  const places = String(d).length - 1
  const digits = String(n < 0n ? -n : n).padStart(places + 1, '0')
  const whole = digits.slice(0, digits.length - places)
  const fraction = digits.slice(digits.length - places).replace(/0+$/, '')
  const text = fraction === '' ? whole : `${whole}.${fraction}`
  return n < 0n ? `-${text}` : text
}

/** The same value in lowest terms. */
export function reduce({ n, d }: Rational): Rational {
  let a = n < 0n ? -n : n
  let b = d
  while (b !== 0n) [a, b] = [b, a % b]
  return a === 0n ? ZERO : { n: n / a, d: d / a }
}

/** True when both differ by at most 10^-digits of `b`. */
export function isNear(a: Rational, b: Rational, digits: number): boolean {
  const difference = a.n * b.d - b.n * a.d
  const reference = b.n * a.d
  const size = (x: bigint): bigint => (x < 0n ? -x : x)
  return size(difference) * 10n ** BigInt(digits) <= size(reference)
}

/** The nearest float, give or take one unit in its last place; for tolerances, never for keeping. */
export function toNumber({ n, d }: Rational): number {
  const shift = 25 + String(d).length - String(n).length
  const scaled = shift >= 0 ? (n * 10n ** BigInt(shift)) / d : n / (d * 10n ** BigInt(-shift))
  return Number(`${scaled}e${-shift}`)
}
