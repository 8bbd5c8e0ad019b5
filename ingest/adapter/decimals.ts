/**
 * Exact arithmetic on decimal text, for adapters that must undo an adjustment. Numbers are digits ×
 * 10^-places.
 */
interface Decimal {
  readonly digits: bigint
  readonly places: number
}

const FORM = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/

/** @throws TypeError when `text` is not a decimal number. */
function decimalOf(text: string): Decimal {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = FORM.exec(text) ?? []
  if (whole === '' && fraction === '') throw new TypeError(`"${text}" is not a decimal number.`)
  const places = fraction.length - Number(exponent)
  const digits = BigInt(`${sign}${whole}${fraction}`)
  return places >= 0 ? { digits, places } : { digits: digits * 10n ** BigInt(-places), places: 0 }
}

/** A ratio of two decimals, exact. */
export interface Ratio {
  readonly numerator: string
  readonly denominator: string
}

/** The product of `ratios` as one ratio of whole numbers. */
export function productOf(ratios: readonly Ratio[]): { over: bigint; under: bigint } {
  let over = 1n
  let under = 1n
  for (const { numerator, denominator } of ratios) {
    const n = decimalOf(numerator)
    const d = decimalOf(denominator)
    over *= n.digits * 10n ** BigInt(d.places)
    under *= d.digits * 10n ** BigInt(n.places)
  }
  return { over, under }
}

/**
 * `text` × over / under, rounded half away from zero to `significant` digits and to no more than `places_max`
 * decimals.
 */
export function scale(
  text: string,
  { over, under }: { over: bigint; under: bigint },
  significant: number,
  places_max: number,
): string {
  const { digits, places } = decimalOf(text)
  const numerator = digits * over
  const denominator = 10n ** BigInt(places) * under
  const magnitude = wholeDigits(abs(numerator), abs(denominator))
  const decimals = Math.max(0, Math.min(places_max, significant - magnitude))
  const scaled = numerator * 10n ** BigInt(decimals) * 2n
  const rounded = (abs(scaled) + abs(denominator)) / (abs(denominator) * 2n)
  const sign = numerator < 0n !== denominator < 0n && rounded !== 0n ? '-' : ''
  return `${sign}${written(rounded, decimals)}`
}

/** Digits before the point; 0 for 0.5, −1 for 0.05. */
function wholeDigits(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return 1
  const whole = numerator / denominator
  if (whole > 0n) return whole.toString().length
  let zeros = 0
  for (let rest = numerator * 10n; rest < denominator; rest *= 10n) zeros++
  return -zeros
}

function written(value: bigint, decimals: number): string {
  const text = value.toString().padStart(decimals + 1, '0')
  if (decimals === 0) return text
  return `${text.slice(0, -decimals)}.${text.slice(-decimals)}`.replace(/\.?0+$/, '')
}

const abs = (value: bigint): bigint => (value < 0n ? -value : value)
