/**
 * Exact fractions over BigInt, for expected values. The product computes in SQL numeric; this shares nothing
 * with it.
 */
export interface Rational {
  readonly numerator: bigint
  /** Always positive. */
  readonly denominator: bigint
}

export function rational(numerator: bigint, denominator = 1n): Rational {
  if (denominator === 0n) throw new RangeError('A fraction cannot have the denominator 0.')
  const divisor = gcd(numerator < 0n ? -numerator : numerator, denominator < 0n ? -denominator : denominator)
  const sign = denominator < 0n ? -1n : 1n
  return { numerator: (sign * numerator) / divisor, denominator: (sign * denominator) / divisor }
}

/** Reads a plain decimal such as `-12.340`. */
export function parseDecimal(text: string): Rational {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
  if (match === null) throw new RangeError(`"${text}" is not a plain decimal.`)
  const fraction = match[3] ?? ''
  const digits = BigInt(`${match[2]}${fraction}`)
  return rational(match[1] === '-' ? -digits : digits, 10n ** BigInt(fraction.length))
}

export const ONE: Rational = { numerator: 1n, denominator: 1n }
export const ZERO: Rational = { numerator: 0n, denominator: 1n }
export const add = (a: Rational, b: Rational): Rational =>
  rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator)
export const subtract = (a: Rational, b: Rational): Rational =>
  rational(a.numerator * b.denominator - b.numerator * a.denominator, a.denominator * b.denominator)
export const multiply = (a: Rational, b: Rational): Rational =>
  rational(a.numerator * b.numerator, a.denominator * b.denominator)
/**
 * The product without reduction to lowest terms: for results that nobody calculates with, a thousand times
 * cheaper on long chains.
 */
export const multiplyLast = (a: Rational, b: Rational): Rational => ({
  numerator: a.numerator * b.numerator,
  denominator: a.denominator * b.denominator,
})
export const divide = (a: Rational, b: Rational): Rational =>
  rational(a.numerator * b.denominator, a.denominator * b.numerator)
export const isLess = (a: Rational, b: Rational): boolean =>
  a.numerator * b.denominator < b.numerator * a.denominator
export const isEqual = (a: Rational, b: Rational): boolean =>
  a.numerator * b.denominator === b.numerator * a.denominator

/** Decimal text with `places` decimals, half away from zero as SQL `round(numeric)` does. */
export function toDecimal(value: Rational, places: number): string {
  const scale = 10n ** BigInt(places)
  const negative = value.numerator < 0n
  const magnitude = negative ? -value.numerator : value.numerator
  const rounded = (2n * magnitude * scale + value.denominator) / (2n * value.denominator)
  const digits = rounded.toString().padStart(places + 1, '0')
  const text = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`
  return negative && rounded !== 0n ? `-${text}` : text
}

function gcd(a: bigint, b: bigint): bigint {
  let x = a
  let y = b
  while (y !== 0n) [x, y] = [y, x % y]
  return x === 0n ? 1n : x
}
