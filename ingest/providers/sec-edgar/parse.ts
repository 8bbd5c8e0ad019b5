import type { FieldWatch } from '../../adapter/fields.ts'
import type { Candidate } from '../../adapter/identity.ts'
import { tickerFrom } from '../../adapter/notation.ts'
import type { SourceRecord } from '../../contract/job.ts'
import { isArray, isObject, type TextJson, type TextObject, textOf } from '../../http/json.ts'
import * as fields from './fields.ts'

/** Ten digits, whether the SEC wrote a number or a padded string. */
const cikText = (value: TextJson | undefined): string | null => textOf(value)?.padStart(10, '0') ?? null

// "NYSE" stands for the whole group, NYSE American and Arca included: which one, the SEC does not say.
const EXCHANGE_MICS: ReadonlyMap<string, string | null> = new Map([
  ['Nasdaq', 'XNAS'],
  ['NYSE', null],
  ['CBOE', 'BATS'],
  ['OTC', 'OTCM'],
  ['', null],
])

export interface ListedSecurity extends Candidate {
  readonly name: string | null
  readonly exchange_mic: string | null
  /** Its name of an exchange that we do not know; undefined when there is none. */
  readonly unknown_exchange?: string
}

/**
 * The rows of company_tickers_exchange.json, in their order.
 *
 * @throws RangeError when the body does not have names and rows, or the names are others.
 */
export function parseTickers(json: TextJson, watch: FieldWatch): ListedSecurity[] {
  const { fields: listed, data } = bodyOf(json)
  if (!isArray(listed) || !isArray(data))
    throw new RangeError('the body has no lists "fields" and "data"; company_tickers_exchange has both')
  const names = listed.map((name) => textOf(name) ?? '')
  const missing = ['cik', 'ticker', 'exchange'].filter((name) => !names.includes(name))
  if (missing.length > 0) throw new RangeError(`the fields of the list lack ${missing.join(', ')}`)
  const isFull = (row: TextJson): boolean => isArray(row) && row.length === names.length
  if (data.length > 0 && !data.some(isFull))
    throw new RangeError('no row has as many cells as there are fields')
  watch(
    'company_tickers_exchange',
    fields.TICKER_FIELDS,
    Object.fromEntries(names.map((name) => [name, true])),
  )
  return data.map((row) => {
    const cell = (name: string): TextJson | undefined => (isArray(row) ? row[names.indexOf(name)] : undefined)
    const ticker = textOf(cell('ticker'))
    const exchange = textOf(cell('exchange')) ?? ''
    return {
      cik: cikText(cell('cik')),
      name: textOf(cell('name')),
      ticker: ticker === null ? null : tickerFrom(ticker, 'sec'),
      exchange_mic: EXCHANGE_MICS.get(exchange) ?? null,
      ...(EXCHANGE_MICS.has(exchange) ? {} : { unknown_exchange: exchange }),
    }
  })
}

/**
 * Every fact of a companyfacts body, in its order.
 *
 * @throws RangeError when the body is not an object.
 */
export function parseCompanyFacts(json: TextJson, watch: FieldWatch): SourceRecord[] {
  const body = bodyOf(json)
  watch('companyfacts', fields.COMPANY_FACTS_FIELDS, body)
  const cik = cikText(body['cik'])
  const records: SourceRecord[] = []
  for (const [taxonomy, tags] of Object.entries(objectOf(body['facts']))) {
    for (const [tag, concept] of Object.entries(objectOf(tags))) {
      watch('companyfacts concept', fields.CONCEPT_FIELDS, objectOf(concept))
      for (const [unit, facts] of Object.entries(objectOf(objectOf(concept)['units']))) {
        for (const fact of isArray(facts) ? facts : []) {
          const each = objectOf(fact)
          watch('companyfacts fact', fields.FACT_FIELDS, each)
          records.push({
            cik,
            taxonomy,
            tag,
            unit,
            period_start: textOf(each['start']),
            period_end: textOf(each['end']),
            value: textOf(each['val']),
            accession: textOf(each['accn']),
            fiscal_year: textOf(each['fy']),
            fiscal_period: textOf(each['fp']),
            form: textOf(each['form']),
            filed: textOf(each['filed']),
            frame: textOf(each['frame']),
          })
        }
      }
    }
  }
  return records
}

export interface Filer {
  readonly cik: string | null
  readonly name: string | null
  /** Four digits; null for a filer without one. */
  readonly sic: string | null
  /** As the SEC lists them today, with the exchange of each; empty for a filer that has none. */
  readonly listings: readonly { readonly ticker: string; readonly exchange: string | null }[]
  readonly filings: readonly Filing[]
  /** Names of the shards that hold the older filings. */
  readonly shards: readonly string[]
}
export interface Filing {
  readonly accession: string | null
  readonly filed: string | null
  readonly form: string | null
  readonly file_number: string | null
  readonly report_date: string | null
  /** As the SEC writes it: see acceptance.ts. */
  readonly acceptance: string | null
  /** Of an 8-K, joined by commas. */
  readonly items: string | null
  readonly is_xbrl: string | null
  readonly size_bytes: string | null
  readonly primary_document: string | null
}

/** @throws RangeError when the body is not an object, and as `parseFilings` does. */
export function parseSubmissions(json: TextJson, watch: FieldWatch): Filer {
  const body = bodyOf(json)
  watch('submissions', fields.SUBMISSIONS_FIELDS, body)
  const filings = objectOf(body['filings'])
  const exchanges = listOf(body['exchanges'])
  const shards = listOf(filings['files']).map(objectOf)
  for (const shard of shards) watch('submissions files', fields.SHARD_FIELDS, shard)
  return {
    cik: cikText(body['cik']),
    name: textOf(body['name']),
    sic: textOf(body['sic']) || null,
    listings: listOf(body['tickers']).flatMap((ticker, i) =>
      typeof ticker === 'string'
        ? [{ ticker: tickerFrom(ticker, 'sec'), exchange: textOf(exchanges[i]) }]
        : [],
    ),
    filings: parseFilings(filings['recent'], watch),
    shards: shards.flatMap(({ name }) => (typeof name === 'string' ? [name] : [])),
  }
}

/**
 * The rows of columnar arrays.
 *
 * @throws RangeError when the columns have different lengths: then nobody knows which cell belongs to which
 *   row.
 */
export function parseFilings(json: TextJson | undefined, watch: FieldWatch): Filing[] {
  const columns = objectOf(json)
  watch('submissions filings', fields.FILING_FIELDS, columns)
  const count = listOf(columns['accessionNumber']).length
  for (const [name, column] of Object.entries(columns)) {
    // A newer column may be null as a whole.
    if (column !== null && listOf(column).length !== count)
      throw new RangeError(`column ${name} has ${listOf(column).length} rows, not ${count}`)
  }
  const cell = (name: string, row: number): string | null => textOf(listOf(columns[name])[row])
  /** The SEC writes an empty text where there is nothing. */
  const stated = (name: string, row: number): string | null => cell(name, row) || null
  return Array.from({ length: count }, (_, row) => ({
    accession: cell('accessionNumber', row),
    filed: cell('filingDate', row),
    form: cell('form', row),
    file_number: cell('fileNumber', row),
    report_date: stated('reportDate', row),
    acceptance: stated('acceptanceDateTime', row),
    items: stated('items', row),
    is_xbrl: stated('isXBRL', row),
    size_bytes: stated('size', row),
    primary_document: stated('primaryDocument', row),
  }))
}

function bodyOf(json: TextJson): TextObject {
  if (isObject(json)) return json
  throw new RangeError(`the body is not a JSON object; it begins with ${JSON.stringify(json).slice(0, 40)}`)
}
const objectOf = (value: TextJson | undefined): TextObject => (isObject(value) ? value : {})
const listOf = (value: TextJson | undefined): readonly TextJson[] => (isArray(value) ? value : [])
