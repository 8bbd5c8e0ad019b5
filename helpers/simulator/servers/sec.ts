import { buffer } from 'node:stream/consumers'
import { ZipArchive } from 'archiver'
import type { World } from '../market/types.ts'
import { type Answer, type Asked, html, json, objectStoreError, text } from './answer.ts'
import { companyFacts, submissions, tickersWithExchange } from './sec-documents.ts'
import { dailyIndexes, type IndexFault } from './sec-index.ts'

/**
 * www.sec.gov and data.sec.gov. Both refuse a client that does not say who it is; a missing object is 403 on
 * one and 404 on the other.
 */
export function createSecFeed(
  world: World,
  index_faults: Readonly<Record<string, IndexFault>> = {},
): {
  www(asked: Asked): Promise<Answer>
  data(asked: Asked): Answer
} {
  const filers = new Map(world.filers.map((filer) => [filer.cik, filer]))
  const indexAt = dailyIndexes(world, index_faults)
  let facts_zip: Promise<Buffer> | undefined
  let submissions_zip: Promise<Buffer> | undefined

  const www = async (asked: Asked): Promise<Answer> => {
    if (!isDeclared(asked)) return undeclared()
    switch (asked.path) {
      case '/files/company_tickers_exchange.json':
        return json(200, tickersWithExchange(world))
      case '/files/company_tickers.json':
        return json(200, tickersAlone(world))
      case '/Archives/edgar/daily-index/xbrl/companyfacts.zip':
        facts_zip ??= zip(reporting(world).map((filer) => [`CIK${filer.cik}.json`, companyFacts(filer)]))
        return zipped(await facts_zip)
      case '/Archives/edgar/daily-index/bulkdata/submissions.zip':
        submissions_zip ??= zip(
          world.filers.flatMap((filer) => {
            const { main, shards } = submissions(world, filer)
            return [[`CIK${filer.cik}.json`, main] as const, ...shards]
          }),
        )
        return zipped(await submissions_zip)
      default: {
        const index = indexAt(asked.path)
        return index === undefined ? objectStoreError(403, asked.path) : text(200, index)
      }
    }
  }
  const data = (asked: Asked): Answer => {
    if (!isDeclared(asked)) return undeclared()
    const [, kind, cik, shard] =
      /^\/(submissions|api\/xbrl\/companyfacts)\/CIK(\d{10})(-submissions-\d{3})?\.json$/.exec(asked.path) ??
      []
    const filer = cik === undefined ? undefined : filers.get(cik)
    if (filer === undefined) return objectStoreError(404, asked.path)
    if (kind === 'submissions') {
      const { main, shards } = submissions(world, filer)
      const body = shard === undefined ? main : shards.get(`CIK${cik}${shard}.json`)
      return body === undefined ? objectStoreError(404, asked.path) : json(200, body)
    }
    return filer.filings.length === 0 ? objectStoreError(404, asked.path) : json(200, companyFacts(filer))
  }
  return { www, data }
}

const reporting = (world: World) => world.filers.filter((filer) => filer.filings.length > 0)

/** The SEC wants a name and an address to write to. */
const isDeclared = (asked: Asked): boolean => /\S+@\S+\.\S+/.test(asked.headers['user-agent'] ?? '')

const undeclared = (): Answer =>
  html(
    403,
    'Your Request Originates from an Undeclared Automated Tool',
    'To allow for equitable access to all users, SEC reserves the right to limit requests originating from undeclared automated tools. Please declare your traffic by updating your user agent to include company specific information.',
  )

/** What the SEC says to a client above ten requests a second. */
export const rateThresholdExceeded = (): Answer =>
  html(
    403,
    'SEC.gov | Request Rate Threshold Exceeded',
    'Your request rate has exceeded the SEC’s maximum allowable requests per second. Your access to SEC.gov will be limited for 10 minutes.',
  )

function tickersAlone(world: World): unknown {
  const { data } = tickersWithExchange(world) as {
    data: readonly (readonly [number, string, string, string])[]
  }
  return Object.fromEntries(
    data.map(([cik_str, title, ticker], index) => [`${index}`, { cik_str, ticker, title }]),
  )
}

const zipped = (body: Buffer): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/x-zip-compressed' },
  body,
})

/** A zip whose bytes depend only on its entries. */
async function zip(entries: Iterable<readonly [name: string, value: unknown]>): Promise<Buffer> {
  const archive = new ZipArchive({ zlib: { level: 1 } })
  const bytes = buffer(archive)
  for (const [name, value] of entries)
    archive.append(JSON.stringify(value), { name, date: new Date('2025-01-04T00:00:00Z') })
  await archive.finalize()
  return bytes
}
