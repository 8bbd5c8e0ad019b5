import type { SchemaElement } from 'hyparquet'
import { DAY_MS } from '../../../helpers/core/days.ts'

/** The text of one value. */
export type TextOf = (value: unknown) => string

/**
 * How the values of a column read as text, exactly: DECIMAL by its digits, INT64 by all of them, DOUBLE and
 * FLOAT by the shortest text that gives the same number back, DATE and midnights as days YYYY-MM-DD.
 * Undefined for a column whose values have no text.
 *
 * Values arrive as they are stored (see `parquet-pages.ts`): the library's own conversion turns decimals and
 * large integers into floats, and truncates nanoseconds.
 */
export function textOfColumn({
  type,
  converted_type,
  logical_type,
  scale,
}: SchemaElement): TextOf | undefined {
  const logical = logical_type?.type
  if (converted_type === 'DECIMAL' || logical_type?.type === 'DECIMAL') {
    const digits = logical_type?.type === 'DECIMAL' ? logical_type.scale : (scale ?? 0)
    return (value) => scaled(value instanceof Uint8Array ? signedOf(value) : BigInt(value as number), digits)
  }
  switch (type) {
    case 'BOOLEAN':
      return String
    case 'INT32':
      if (converted_type === 'DATE' || logical === 'DATE')
        return (value) => dayOf(BigInt(value as number) * DAY)
      if (logical === 'TIME' || converted_type?.startsWith('TIME_'))
        return (value) => timeOf(BigInt(value as number) * 1_000_000n)
      return isUnsigned(converted_type, logical_type) ? (value) => String((value as number) >>> 0) : String
    case 'INT64':
      return textOfInt64(converted_type, logical_type)
    case 'INT96':
      return (value) => instantOf(value as bigint)
    case 'FLOAT':
      return (value) => shortestFloat(value as number)
    case 'DOUBLE':
      return String
    case 'BYTE_ARRAY':
      return logical === 'VARIANT' ||
        logical === 'GEOMETRY' ||
        logical === 'GEOGRAPHY' ||
        converted_type === 'BSON'
        ? undefined
        : utf8
    case 'FIXED_LEN_BYTE_ARRAY':
      if (logical === 'UUID')
        return (value) => hexOf(value as Uint8Array).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
      return logical === 'FLOAT16' || converted_type === 'INTERVAL' ? undefined : utf8
    default:
      return undefined
  }
}

type Logical = SchemaElement['logical_type']
type Converted = SchemaElement['converted_type']

function textOfInt64(converted: Converted, logical: Logical): TextOf {
  if (logical?.type === 'TIMESTAMP') {
    const unit = UNITS[logical.unit]
    return logical.isAdjustedToUTC
      ? (value) => instantOf((value as bigint) * unit)
      : (value) => localTimeOf((value as bigint) * unit)
  }
  // Without a logical type an old writer meant UTC (Parquet, LogicalTypes.md).
  if (converted === 'TIMESTAMP_MILLIS') return (value) => instantOf((value as bigint) * UNITS.MILLIS)
  if (converted === 'TIMESTAMP_MICROS') return (value) => instantOf((value as bigint) * UNITS.MICROS)
  if (logical?.type === 'TIME') {
    const unit = UNITS[logical.unit]
    return (value) => timeOf((value as bigint) * unit)
  }
  if (converted === 'TIME_MICROS') return (value) => timeOf((value as bigint) * UNITS.MICROS)
  return isUnsigned(converted, logical) ? (value) => String(BigInt.asUintN(64, value as bigint)) : String
}

const isUnsigned = (converted: Converted, logical: Logical): boolean =>
  converted?.startsWith('UINT_') === true || (logical?.type === 'INTEGER' && !logical.isSigned)

/** A whole number with its decimal point moved: `1350` with scale 2 is `13.50`. */
function scaled(unscaled: bigint, scale: number): string {
  if (scale <= 0) return String(unscaled * 10n ** BigInt(-scale))
  const [sign, digits] = unscaled < 0n ? ['-', String(-unscaled)] : ['', String(unscaled)]
  const padded = digits.padStart(scale + 1, '0')
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}

const hexOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
/** Two's complement, the highest byte first. */
const signedOf = (bytes: Uint8Array): bigint =>
  bytes.length === 0 ? 0n : BigInt.asIntN(8 * bytes.length, BigInt(`0x${hexOf(bytes)}`))
const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })
const utf8: TextOf = (value) => decoder.decode(value as Uint8Array)

/** The shortest decimal text that is the same float of 32 bits; at most nine digits. */
function shortestFloat(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  for (let digits = 1; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return String(short)
  }
  return String(Number(value.toPrecision(9)))
}

/** Nanoseconds. */
const DAY = 86_400_000_000_000n
const UNITS = { MILLIS: 1_000_000n, MICROS: 1_000n, NANOS: 1n } as const

const floorDiv = (value: bigint, by: bigint): bigint => (value - (((value % by) + by) % by)) / by

/**
 * YYYY-MM-DD of nanoseconds since 1970-01-01. A day outside the calendar becomes a text that is rejected as a
 * day.
 */
function dayOf(nanos: bigint): string {
  const date = new Date(Number(floorDiv(nanos, DAY)) * DAY_MS)
  return Number.isNaN(date.getTime())
    ? `day ${floorDiv(nanos, DAY)} since 1970-01-01`
    : date.toISOString().replace(/T.*/, '')
}

function timeOf(nanos: bigint): string {
  const seconds = nanos / 1_000_000_000n
  const two = (value: bigint): string => String(value).padStart(2, '0')
  const fraction = String(nanos % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '')
  const clock = `${two(seconds / 3_600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`
  return fraction === '' ? clock : `${clock}.${fraction}`
}

/** A local time without a zone: its day, with the time where it is not midnight. */
function localTimeOf(nanos: bigint): string {
  const time = nanos - floorDiv(nanos, DAY) * DAY
  return time === 0n ? dayOf(nanos) : `${dayOf(nanos)}T${timeOf(time)}`
}

const NEW_YORK = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/New_York',
  hour: 'numeric',
  hourCycle: 'h23',
})

/**
 * The day of a moment that vendors write for a session: midnight UTC or midnight in New York. Undefined for
 * any other moment.
 */
export function dayOfMoment(nanos: bigint): string | undefined {
  const time = nanos - floorDiv(nanos, DAY) * DAY
  if (time === 0n) return dayOf(nanos)
  const isFullHour = time % 3_600_000_000_000n === 0n
  const date = new Date(Number(nanos / 1_000_000n))
  // New York is four or five hours behind UTC, so the day of its midnight is the day in UTC.
  if (isFullHour && !Number.isNaN(date.getTime()) && NEW_YORK.format(date) === '00') return dayOf(nanos)
  return undefined
}

/** A moment that is not a day keeps its time and its Z, and is rejected as a day. */
const instantOf = (nanos: bigint): string => dayOfMoment(nanos) ?? `${localTimeOf(nanos)}Z`
