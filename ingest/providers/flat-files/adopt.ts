import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { RefusedError } from '../../../helpers/core/errors.ts'
import { folderFault } from '../../../helpers/core/folder.ts'
import { silentLog } from '../../../helpers/core/log.ts'
import { cutList } from '../../../helpers/core/text.ts'
import { symbolKey } from '../../adapter/notation.ts'
import type { SourceRecord } from '../../contract/job.ts'
import { hashFile } from './bytes.ts'
import { tickersInNames } from './file-names.ts'
import { listFiles } from './files.ts'
import { FOLDERS } from './layout.ts'
import { PLAIN, readMappings } from './mapping.ts'
import { pagesOf } from './pages.ts'
import type { DeliveryFile } from './parts.ts'
import { PROFILES } from './profiles.ts'
import { peekAt, recognise } from './recognise.ts'
import type { AdoptedMapping, Shape } from './shapes.ts'
import type { Tickers } from './tickers.ts'

export interface AdoptOptions {
  /** The new delivery; `<folder>-delivery` by default. It must not exist, or be empty. */
  readonly into?: string | undefined
  /** What a person states about the prices, where their form does not tell. */
  readonly adjusted?: 'raw' | 'split' | 'total' | undefined
}

/**
 * Makes a delivery of a folder of price files as vendors write them, to be reviewed: copies the files, and
 * writes mapping.json, securities, ticker_history and universe.csv. The folder itself is not changed. Returns
 * a page that says what was recognised, why, and what to do next.
 *
 * @throws RefusedError with that page where the prices are adjusted or may be, or the form is not known.
 */
export async function adopt(folder: string, options: AdoptOptions = {}): Promise<string> {
  const root = resolve(folder)
  const into = resolve(options.into ?? `${root}-delivery`)
  const files = await pricesIn(root)
  const shape = await shapeOf(root, files)
  const lines = [
    `${root}: ${files.length} ${files.length === 1 ? 'file' : 'files'} of ${shape.vendor}.`,
    `  ${shape.why}.`,
  ]
  const adjusted = options.adjusted ?? (shape.prices === 'adjusted' ? 'split' : undefined)
  if (shape.prices === 'adjusted' && options.adjusted !== 'raw')
    throw new RefusedError(
      [
        ...lines,
        '',
        ...REFUSED,
        'If you know that these are as traded, adopt them with --adjusted raw.',
      ].join('\n'),
    )
  if (options.adjusted === 'split' || options.adjusted === 'total')
    throw new RefusedError([...lines, '', ...REFUSED].join('\n'))
  if (shape.prices === 'unknown' && adjusted === undefined)
    throw new RefusedError(
      [
        ...lines,
        '',
        'Only prices as traded can be loaded, and nothing here shows that these are.',
        ...STATE,
      ].join('\n'),
    )
  const mapping = {
    ...shape.mapping,
    // Where the form shows which prices are as traded, its mapping names them.
    ...(adjusted === 'raw' && shape.prices !== 'raw' ? { adjusted } : {}),
    ...namesAsTickers(shape, files),
  }
  await copyInto(root, into, files)
  await writeJson(join(into, 'mapping.json'), { spec: 1, folders: { prices_daily: mapping } })
  const listings = await listingsOf(into).catch(async (error: unknown) => {
    await rm(into, { recursive: true })
    throw error
  })
  await writeIdentity(into, listings)
  const tickers = listings.map(({ ticker }) => ticker)
  return [
    ...lines,
    '',
    `Written to ${into}, for you to review:`,
    `  prices_daily/      the ${files.length} files, copied`,
    `  mapping.json       ${JSON.stringify(mapping)}`,
    `  securities/        ${listings.length} by the tickers of their last bars: ${cutList(tickers)}`,
    '                     (add names, exchange_mic, cik; merge the lines of a security with several tickers)',
    '  ticker_history/    each ticker from its first bar on (add renames and the ends of listings)',
    '  universe.csv       all of them',
    ...noteOnTickers(shape, listings),
    '',
    `Next: npm run ingest -- check ${into}`,
    '',
  ].join('\n')
}

const REFUSED = [
  'Refused: these prices are adjusted, and the traded prices cannot be derived from them. The ' +
    'database stores',
  'prices as traded and adjusts them itself: adjusted prices would be adjusted twice.',
  'Deliver unadjusted prices. Vendors that sell them: Massive, Tiingo, Alpha Vantage, Sharadar, ' +
    'Norgate, CRSP.',
  'Prices that are adjusted for splits alone can be rebuilt from a complete list of splits: see "unadjust" ' +
    'in docs/flat-files.md.',
]
const STATE = [
  'Look up what the vendor delivers, then state it:',
  '  npm run ingest -- adopt <folder> --adjusted raw      prices as traded',
  '  npm run ingest -- adopt <folder> --adjusted split    adjusted: they are refused with the reason',
]

const PRICES = FOLDERS.prices_daily.map((folder) => ({ ...folder, name: '.' }))

async function pricesIn(root: string): Promise<DeliveryFile[]> {
  const fault = await folderFault(root)
  if (fault !== undefined) throw new RefusedError(`${root} ${fault}. Name the folder of the files.`)
  const names = await readdir(root)
  if (names.includes('prices_daily'))
    throw new RefusedError(
      `${root} has a folder prices_daily/: it is a delivery already. Look at it with: npm run ` +
        `ingest -- check ${root}`,
    )
  const files = await listFiles(root, PRICES)
  if (files.length === 0) throw new RefusedError(`${root} has no file of prices (CSV, text, Parquet or zip).`)
  return files
}

/** The one form of all files. */
async function shapeOf(root: string, files: readonly DeliveryFile[]): Promise<Shape> {
  const byForm = new Map<string, { shape: Shape; names: string[] }>()
  const unknown: string[] = []
  for (const part of files.flatMap(({ parts }) => parts)) {
    const peek = await peekAt(part)
    const shape = recognise(peek)
    if (shape === undefined) unknown.push(`${part.name} (${(peek.rows[0] ?? []).join(',').slice(0, 80)})`)
    else {
      const form = `${shape.vendor} ${JSON.stringify(shape.mapping)}`
      const known = byForm.get(form) ?? { shape, names: [] }
      known.names.push(part.name)
      byForm.set(form, known)
    }
  }
  if (unknown.length > 0)
    throw new RefusedError(
      `${root}: the form of ${unknown.length} ${unknown.length === 1 ? 'file is' : 'files are'} not known: ` +
        `${cutList(unknown)}. Move them out of the folder, or write mapping.json by hand ` +
        '(docs/flat-files.md).',
    )
  const [first, ...others] = byForm.values()
  if (first === undefined) throw new RefusedError(`${root} has no table.`)
  if (others.length > 0)
    throw new RefusedError(
      [
        `${root} has tables of ${others.length + 1} forms; a delivery has one. Put each into a ` +
          'folder of its own:',
        ...[...byForm.values()].map(({ shape, names }) => `  ${shape.vendor}: ${cutList(names)}`),
      ].join('\n'),
    )
  return first.shape
}

/** What the mapping needs where the names of the files are the tickers. */
function namesAsTickers({ mapping }: Shape, files: readonly DeliveryFile[]): AdoptedMapping {
  const of_profile = mapping.profile === undefined ? undefined : PROFILES[mapping.profile]?.mapping
  if ((mapping.file_name_is ?? of_profile?.file_name_is) !== 'ticker') return {}
  const parts = files.flatMap((file) => file.parts)
  const { mapping: of_names, faults } = tickersInNames(parts.map(({ name }) => name))
  if (faults.length > 0)
    throw new RefusedError(
      `No column has the tickers, and ${faults.length} file names are not tickers: ` +
        `${cutList(faults)}. Name each file for its ticker (KO.csv, BRK-B.csv), then adopt the folder again.`,
    )
  return of_names
}

async function copyInto(root: string, into: string, files: readonly DeliveryFile[]): Promise<void> {
  const there = await readdir(into).catch(() => [])
  if (there.length > 0)
    throw new RefusedError(`${into} exists and is not empty. Remove it, or name another folder with --into.`)
  for (const { path } of files) {
    const to = join(into, 'prices_daily', path.slice(root.length + 1))
    await mkdir(dirname(to), { recursive: true })
    await copyFile(path, to)
  }
}

const writeJson = (path: string, value: unknown): Promise<void> =>
  writeFile(path, `${JSON.stringify(value, null, 2)}\n`)

interface Listing {
  readonly id: string
  /** In the notation of the universe. */
  readonly ticker: string
  /** As the files write it. */
  readonly spellings: Set<string>
  first_date: string
  last_date: string
}

/** Takes every ticker as it is written. */
const AS_WRITTEN: Tickers = {
  spelled: (ticker) => ticker,
  lastHolder: () => undefined,
  itemOf: () => undefined,
}

/** The securities of the copied files, with their first and last bars, by the mapping that was written. */
async function listingsOf(into: string): Promise<Listing[]> {
  const mapping = (await readMappings(into)).get('prices_daily') ?? PLAIN
  const listings = new Map<string, Listing>()
  let first_record: SourceRecord | undefined
  for (const file of await listFiles(into, FOLDERS.prices_daily)) {
    const sha256 = await hashFile(file)
    for (const part of file.parts) {
      const as_written = { ...part, mapping: { ...mapping, ticker_is: 'as_traded' as const } }
      for await (const { records } of pagesOf(as_written, sha256, { tickers: AS_WRITTEN, log: silentLog() }))
        for (const { record } of records) {
          const { source_id, ticker, date } = record
          first_record ??= record
          const written = source_id ?? ticker
          if (written === null || written === undefined || !/^\d{4}-\d\d-\d\d$/.test(date ?? '')) continue
          const day = date ?? ''
          const symbol = symbolKey(ticker ?? written)
          const id = source_id ?? symbol
          const known = listings.get(id) ?? {
            id: source_id ?? '',
            ticker: symbol,
            spellings: new Set(),
            first_date: day,
            last_date: day,
          }
          listings.set(id, known)
          known.spellings.add(ticker ?? written)
          if (day < known.first_date) known.first_date = day
          if (day > known.last_date) known.last_date = day
        }
    }
  }
  if (listings.size === 0) throw new RefusedError(noBar(first_record))
  return [...listings.values()].toSorted((a, b) => (a.ticker < b.ticker ? -1 : 1))
}

/** Why no bar of the files could be taken, by the first of them. */
function noBar(record: SourceRecord | undefined): string {
  if (record === undefined) return 'No bar was found: the files contain no record of prices.'
  const { date } = record
  return (
    `No bar has a ticker and a day that is written YYYY-MM-DD; the first has the day "${date ?? ''}". ` +
    'Days of another form need a date_format, which only a person can state: is 03/02 in March or in ' +
    'February? Write mapping.json by hand, with date_format (docs/flat-files.md).'
  )
}

/** A ticker alone is not permanent; who held it on a day is. */
const sourceIdOf = ({ id, ticker, last_date }: Listing): string =>
  id === '' ? `ticker:${ticker}@${last_date}` : id

async function writeIdentity(into: string, listings: readonly Listing[]): Promise<void> {
  const table = async (path: string, header: string, rowOf: (listing: Listing) => string): Promise<void> => {
    await mkdir(dirname(join(into, path)), { recursive: true })
    await writeFile(join(into, path), `${[header, ...listings.map(rowOf)].join('\n')}\n`)
  }
  await table(
    'securities/securities.csv',
    'source_id,ticker,name,exchange_mic,type,currency,cik,list_date,delist_date',
    (each) => `${sourceIdOf(each)},${each.ticker},,,,,,,`,
  )
  await table(
    'ticker_history/ticker_history.csv',
    'source_id,ticker,valid_from,valid_to,exchange_mic,reason',
    (each) => `${sourceIdOf(each)},${each.ticker},${each.first_date},,,the first bar of the files`,
  )
  await table('universe.csv', 'source_id,ticker', (each) => `${sourceIdOf(each)},${each.ticker}`)
}

function noteOnTickers({ mapping }: Shape, listings: readonly Listing[]): string[] {
  const newest = listings.reduce((day, { last_date }) => (last_date > day ? last_date : day), '')
  const ended = listings.filter(
    ({ last_date }) => Date.parse(newest) - Date.parse(last_date) > 10 * 86_400_000,
  )
  const of_profile = mapping.profile === undefined ? undefined : PROFILES[mapping.profile]?.mapping
  const is_last = (mapping.ticker_is ?? of_profile?.ticker_is) === 'last'
  const spelled = listings.filter(({ spellings }) => spellings.size > 1)
  const ends = ended.map(({ ticker, last_date }) => `${ticker} (${last_date})`)
  return [
    '',
    'To be decided by a person:',
    `  tickers are taken as ${is_last ? 'the vendor writes them' : 'traded on the day'}: ` +
      'a ticker that passed to another company is one security here',
    ...spelled.map(({ ticker, spellings }) => `  ${[...spellings].join(', ')} are one security, ${ticker}`),
    ...(ends.length === 0
      ? []
      : [`  ${ends.length} have no bar near ${newest}: delisted, or renamed? ${cutList(ends)}`]),
    '  splits/, dividends/ and delistings/ are optional; without them adjusted prices equal the prices',
  ]
}
