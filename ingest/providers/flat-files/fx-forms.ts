import type { LocatedRecord } from '../../contract/provider.ts'
import type { Named, RecordMaker } from './columns.ts'
import { malformed } from './faults.ts'
import { fieldText } from './field-texts.ts'
import type { RawRecord } from './lines.ts'

// Exchange rates in the forms of central banks: a row a day, a column a series. The direction of each series
// is that of its publisher, listed here. A column that is not listed is not read.

/** One unit of `from` costs so many units of `to`. */
interface Series {
  readonly from: string
  readonly to: string
}

/** The Federal Reserve quotes these in US dollars for one unit. */
const DOLLARS_FOR_ONE: Readonly<Record<string, string>> = { AL: 'AUD', EU: 'EUR', NZ: 'NZD', UK: 'GBP' }
/** And these in units for one US dollar. H.10 and FRED use the same letters. */
const UNITS_FOR_A_DOLLAR: Readonly<Record<string, string>> = {
  BZ: 'BRL',
  CA: 'CAD',
  CH: 'CNY',
  DN: 'DKK',
  HK: 'HKD',
  IN: 'INR',
  JA: 'JPY',
  KO: 'KRW',
  MA: 'MYR',
  MX: 'MXN',
  NO: 'NOK',
  SD: 'SEK',
  SF: 'ZAR',
  SI: 'SGD',
  SL: 'LKR',
  SZ: 'CHF',
  TA: 'TWD',
  TH: 'THB',
}
const fed = new Map<string, Series>()
for (const [letters, currency] of Object.entries(DOLLARS_FOR_ONE)) {
  fed.set(`DEXUS${letters}`, { from: currency, to: 'USD' })
  fed.set(`RXI$US_N.B.${letters}`, { from: currency, to: 'USD' })
}
for (const [letters, currency] of Object.entries(UNITS_FOR_A_DOLLAR)) {
  // FRED calls the yen JP; H.10 calls it JA.
  fed.set(`DEX${letters === 'JA' ? 'JP' : letters}US`, { from: 'USD', to: currency })
  fed.set(`RXI_N.B.${letters}`, { from: 'USD', to: currency })
}

/** The reference rates of the European Central Bank: units for one euro, a column a currency. */
const ECB_FILE = /(^|\/)eurofxref[^/]*$/i
const ecb = (column: string): Series | undefined =>
  /^[A-Z]{3}$/.test(column) && column !== 'EUR' ? { from: 'EUR', to: column } : undefined

/** H.10 has no data (ND) on a holiday, and no longer compiles some series (NC). */
const NOTHING = new Set(['ND', 'NC'])

/**
 * Makes the records of a table with a column a series; undefined for one with a rate a row.
 *
 * @throws SourceError for a table that is neither: nothing states the direction of its rates.
 */
export function wideRates(file: Named, header: readonly string[]): RecordMaker | undefined {
  const names = header.map((each) => each.trim())
  if (names.some((each) => each.toLowerCase() === 'rate') || file.mapping.columns['rate'] !== undefined)
    return undefined
  const [first = ''] = names
  if (first === 'Date' && ECB_FILE.test(file.name)) return makerOf(file, names, 'ecb', ecb)
  const ofFed = (column: string): Series | undefined => fed.get(column)
  if (first === 'Series Description') return afterHead(file, names.length, ofFed)
  if (names.some((each) => fed.has(each))) return makerOf(file, names, 'fed', ofFed)
  throw malformed(
    `${file.name} does not state the direction of its rates. It needs the columns date, from, to and rate, ` +
      'or the form of the ECB (named eurofxref…), of FRED (DEXUSEU …) or of H.10.',
  )
}

/** H.10 as a download: five rows describe each series, and the sixth one ("Time Period") names it. */
function afterHead(
  file: Named,
  count: number,
  seriesOf: (column: string) => Series | undefined,
): RecordMaker {
  let maker: RecordMaker | undefined
  const make = (raw: RawRecord): readonly LocatedRecord[] => {
    if (maker !== undefined) return maker.make(raw)
    if (raw.fields?.[0]?.trim() === 'Time Period')
      maker = makerOf(
        file,
        raw.fields.map((each) => (each ?? '').trim()),
        'fed',
        seriesOf,
      )
    return []
  }
  return {
    make,
    places: Array.from({ length: count }, (_, at) => at),
    unknown_columns: [],
    has_events: false,
  }
}

function makerOf(
  { name, mapping }: Named,
  names: readonly string[],
  source: string,
  seriesOf: (column: string) => Series | undefined,
): RecordMaker {
  const twice = names.filter((each, at) => each !== '' && names.indexOf(each) !== at)
  if (twice.length > 0) throw malformed(`${name} has the column ${twice.join(', ')} twice.`)
  const columns = names.flatMap((each, at) => {
    const series = at === 0 ? undefined : seriesOf(each)
    return series === undefined ? [] : [{ at, ...series }]
  })
  if (columns.length === 0) throw malformed(`${name} has no column of a known exchange rate.`)
  const dayText = fieldText('date', 'date', mapping)
  const rateText = fieldText('rate', 'rate', mapping)

  const make = ({ line, fields, text }: RawRecord): readonly LocatedRecord[] => {
    if (fields === undefined)
      return [{ record: { text: text.slice(0, 500) }, line, malformed: 'a quoted field does not close' }]
    const date = dayText(fields[0])
    if (fields.length !== names.length)
      return [{ record: { date }, line, malformed: `it has ${fields.length} fields, not ${names.length}` }]
    return columns.flatMap(({ at, from, to }) => {
      const rate = rateText(fields[at])
      if (rate === null || NOTHING.has(rate)) return []
      return [{ record: { date, from_currency: from, to_currency: to, rate, source }, line }]
    })
  }
  const read = new Set(columns.map(({ at }) => at))
  const unknown = names.filter((each, at) => at > 0 && each !== '' && !read.has(at))
  return { make, places: [0, ...read], unknown_columns: unknown, has_events: false }
}
