import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Action, Bar, Filer, Security, World } from './types.ts'

/** One file of the drop, as the manifest lists it. */
export interface DroppedFile {
  readonly path: string
  readonly dataset: string
  readonly rows: number
  readonly bytes: number
  readonly sha256: string
}

/**
 * Writes the world as a drop of flat files: UTF-8 CSV, header row, LF, some of it gzipped, several files a
 * dataset, and `manifest.json`. The bytes depend on the world alone (a gzip stamp of 0), so two drops of one
 * world are equal. Existing files are overwritten.
 */
export async function writeFlatFiles(world: World, directory: string): Promise<readonly DroppedFile[]> {
  const files = [...draft(world)].map(({ path, dataset, header, rows }) => {
    const text = `${[header, ...rows].join('\n')}\n`
    const bytes = path.endsWith('.gz') ? gzipOf(text) : Buffer.from(text)
    return { path, dataset, rows: rows.length, bytes }
  })
  for (const folder of new Set(files.map(({ path }) => dirname(path))))
    await mkdir(join(directory, folder), { recursive: true })
  const listed: DroppedFile[] = []
  for (const { path, dataset, rows, bytes } of files) {
    await writeFile(join(directory, path), bytes)
    listed.push({
      path,
      dataset,
      rows,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    })
  }
  const manifest = {
    spec: 1,
    label:
      `REHEARSAL: simulated market, seed "${world.seed}", ` +
      `${world.securities.length} securities. Not real data.`,
    as_of: world.end_date,
    files: listed,
  }
  await writeFile(join(directory, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  return listed
}

/** How a universe names a security: its permanent id in the drop. */
const nameInDrop = (security: Security): string => security.source_id
/** … its id at the broker, which every listing and every dead one has. */
export const nameAtBroker = (security: Security): string => `alpaca:${security.asset_id}`
/**
 * The universe of the world as a file, with the ids by which others know its securities. With the names of
 * the drop it is the one that is checked in as `ingest/universe/rehearsal.csv`.
 */
export function universeCsv(world: World, nameOf: (security: Security) => string = nameInDrop): string {
  const row = (security: Security): string =>
    [nameOf(security), lastTicker(security), security.cik ?? '', nameAtBroker(security)].join()
  return `${['source_id,ticker,cik,provider_id', ...world.securities.map(row)].join('\n')}\n`
}

export const lastTicker = (security: Security): string => security.tickers.at(-1)?.ticker ?? ''

interface Draft {
  readonly path: string
  readonly dataset: string
  readonly header: string
  readonly rows: readonly string[]
}

function* draft(world: World): Generator<Draft> {
  const { securities } = world
  const csv = (dataset: string, name: string, header: string, rows: readonly string[]): Draft => ({
    path: `${dataset}/${name}`,
    dataset,
    header,
    rows,
  })

  yield csv(
    'securities',
    'securities.csv',
    'source_id,ticker,name,exchange_mic,type,currency,cik,list_date,delist_date',
    securities.map(securityRow),
  )
  const intervals = securities.flatMap((security) =>
    security.tickers.map(({ ticker, valid_from, valid_to }) =>
      [security.source_id, ticker, valid_from, valid_to ?? '', security.exchange_mic].join(),
    ),
  )
  yield csv(
    'ticker_history',
    'ticker_history.csv',
    'source_id,ticker,valid_from,valid_to,exchange_mic',
    intervals,
  )
  for (const years of [
    ['2020', '2021'],
    ['2022', '2023'],
    ['2024', '2025'],
  ] as const) {
    const rows = securities.flatMap((security) => barRows(security, years[0], years[1]))
    // The last file is left plain: a drop holds both kinds.
    const name = years[0] === '2024' ? '2024-2025.csv' : `${years.join('-')}.csv.gz`
    yield csv('prices_daily', name, 'source_id,date,open,high,low,close,volume', rows)
  }
  const rowsOf = (row: (security: Security, action: Action) => string | undefined): string[] =>
    securities.flatMap((security) => security.actions.flatMap((action) => row(security, action) ?? []))
  yield csv('splits', 'splits.csv', 'source_id,ex_date,split_from,split_to,kind', rowsOf(splitRow))
  const dividends = rowsOf(dividendRow)
  const middle = Math.ceil(dividends.length / 2)
  yield csv(
    'dividends',
    'part-1.csv.gz',
    'source_id,ex_date,amount,currency,kind',
    dividends.slice(0, middle),
  )
  yield csv('dividends', 'part-2.csv', 'source_id,ex_date,amount,currency,kind', dividends.slice(middle))
  yield csv(
    'delistings',
    'delistings.csv',
    'source_id,date,kind,cash_per_share,shares_per_share,acquirer,currency',
    rowsOf(delistingRow),
  )

  const in_universe = new Set(securities.map((security) => security.cik))
  for (const [index, filer] of world.filers.entries()) {
    if (filer.filings.length === 0 || !in_universe.has(filer.cik)) continue
    const name = `CIK${filer.cik}.csv${index % 10 === 0 ? '' : '.gz'}`
    yield csv(
      'fundamentals',
      name,
      'cik,taxonomy,tag,unit,start,end,value,accession,form,fiscal_year,fiscal_period,filed,frame',
      factRows(filer),
    )
  }
  const filers = world.filers.filter(({ cik }) => in_universe.has(cik))
  yield csv(
    'filings',
    'filings.csv.gz',
    'cik,accession,form,filed,accepted_at,report_date,items,sic,is_xbrl',
    filers.flatMap(filingRows),
  )
}

const securityRow = (security: Security): string =>
  [
    security.source_id,
    lastTicker(security),
    security.name,
    security.exchange_mic,
    security.security_type,
    'USD',
    security.cik ?? '',
    security.list_date ?? '',
    security.delist_date ?? '',
  ].join()

const splitRow = (security: Security, action: Action): string | undefined =>
  'split_from' in action
    ? [security.source_id, action.ex_date, action.split_from, action.split_to, action.kind].join()
    : undefined

/** A spin-off is a row of the dividends, with its value in cash and its own kind. */
const dividendRow = (security: Security, action: Action): string | undefined =>
  'amount' in action
    ? [security.source_id, action.ex_date, action.amount, 'USD', action.kind].join()
    : undefined

/** One row for each end of a listing, with what holders received. Of a bankruptcy they receive nothing. */
function delistingRow(security: Security, action: Action): string | undefined {
  if (action.kind !== 'delisting') return undefined
  const terms = security.actions.find((other) => other.kind === 'merger')
  const { acquirer_source_id, cash_rate, stock_rate } = terms ?? {
    acquirer_source_id: null,
    cash_rate: action.reason === 'bankruptcy' ? '0' : null,
    stock_rate: null,
  }
  return [
    security.source_id,
    action.ex_date,
    action.reason,
    cash_rate ?? '',
    stock_rate ?? '',
    acquirer_source_id ?? '',
    cash_rate === null ? '' : 'USD',
  ].join()
}

function barRows({ source_id, bars }: Security, first_year: string, last_year: string): string[] {
  const rows: string[] = []
  for (const bar of bars) {
    const year = bar.date.slice(0, 4)
    if (year >= first_year && year <= last_year) rows.push(barRow(source_id, bar))
  }
  return rows
}

const barRow = (source_id: string, bar: Bar): string =>
  [
    source_id,
    bar.date,
    price(bar.open_cents),
    price(bar.high_cents),
    price(bar.low_cents),
    price(bar.close_cents),
    bar.volume_shares,
  ].join()

/** Cents as exact decimal text in dollars, e.g. 1234 → 12.34. */
export function price(cents: number): string {
  const digits = String(cents).padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}

const factRows = (filer: Filer): string[] =>
  filer.filings.flatMap(({ accession, form, fiscal_year, fiscal_period, filed, facts }) =>
    facts.map((fact) =>
      [
        filer.cik,
        fact.taxonomy,
        fact.tag,
        fact.unit,
        fact.start ?? '',
        fact.end,
        fact.value,
        accession,
        form,
        fiscal_year,
        fiscal_period,
        filed,
        fact.frame ?? '',
      ].join(),
    ),
  )

const filingRows = ({ cik, filings, announcements }: Filer): string[] => [
  ...filings.map(({ accession, form, filed, accepted_at, report_date }) =>
    [cik, accession, form, filed, accepted_at, report_date, '', '9999', 'true'].join(),
  ),
  ...announcements.map(({ accession, filed, accepted_at }) =>
    [cik, accession, '8-K', filed, accepted_at, filed, '"2.02,9.01"', '9999', 'true'].join(),
  ),
]

/**
 * Level 6, time stamp 0, and the operating system written as unknown, so that every machine writes the same
 * header.
 */
function gzipOf(text: string): Buffer {
  const bytes = gzipSync(text, { level: 6 })
  bytes.writeUInt32LE(0, 4)
  bytes[9] = 255
  return bytes
}
