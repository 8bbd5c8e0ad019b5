import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../../../helpers/core/log.ts'
import type { UnknownField } from '../../adapter/fields.ts'
import { openArchive } from '../../archive/archive.ts'
import type { Ask, Page, Provider, Subject, SubjectEnd } from '../../contract/provider.ts'
import { memoryLedger } from '../../http/ledger.ts'
import { REHEARSAL_CREDENTIALS } from '../../providers/credentials.ts'
import { type OpenOptions, openProviders, type Providers } from '../../providers/registry.ts'
import { json, serve, type TestServer } from '../http/server.ts'

export const subject = (item: string, ticker: string, more: Partial<Subject> = {}): Subject => ({
  item,
  source_id: item,
  cik: undefined,
  ticker,
  tickers: [],
  ...more,
})
export const askFor = (dataset: Ask['dataset'], subjects: readonly Subject[]): Ask => ({
  dataset,
  subjects,
  window: { start_date: '2020-01-02', end_date: '2025-01-03' },
  first_session_date: '1990-01-02',
})

/** All pages and ends that a provider returns for a request. */
export async function readAll(provider: Provider, ask: Ask) {
  const [records, ends]: [Page['records'][number][], SubjectEnd[]] = [[], []]
  for (const batch of await provider.batches(ask)) {
    for await (const each of provider.read(ask, batch, new AbortController().signal)) {
      if ('status' in each) ends.push(each)
      else records.push(...each.records)
    }
  }
  return {
    records: records.map(({ record }) => record),
    ends,
    malformed: records.filter(({ malformed }) => malformed !== undefined),
  }
}

/** An answer with a status of its own. */
export class Reply {
  readonly status: number
  readonly body: unknown
  constructor(status: number, body: unknown) {
    this.status = status
    this.body = body
  }
}

const ORIGINS = [
  'https://www.sec.gov',
  'https://data.sec.gov',
  'https://www.nasdaqtrader.com',
  'https://data.alpaca.markets',
  'https://paper-api.alpaca.markets',
  'https://query2.finance.yahoo.com',
]

/**
 * The real adapters over one server on loopback that answers by path, or by what stands behind it; what it
 * does not know is missing as at the SEC.
 */
export async function openOverHttp() {
  const directory = await mkdtemp(join(tmpdir(), 'providers-'))
  const opened: { close(): Promise<void> }[] = []
  const unknown: UnknownField[] = []
  let server: TestServer | undefined
  return {
    unknown,
    asked: (): TestServer['asked'] => server?.asked ?? [],
    async providersOver(
      answers: Readonly<Record<string, unknown>>,
      options: Partial<OpenOptions> = {},
    ): Promise<Providers> {
      server = await serve((request, response) => {
        const given = answers[(request.url ?? '').split('?')[0] ?? '']
        const body: unknown =
          typeof given === 'function' ? given(new URL(request.url ?? '', 'http://x').searchParams) : given
        if (body === undefined) json(response, '<Error><Code>NoSuchKey</Code></Error>', 404)
        else if (body instanceof Reply) json(response, body.body, body.status)
        else json(response, body)
      })
      const { origin } = server
      const log = silentLog()
      log.warn = ((field: UnknownField) => void unknown.push(field)) as typeof log.warn
      const providers = openProviders({
        mode: 'rehearsal',
        credentials: REHEARSAL_CREDENTIALS,
        archive: openArchive(directory),
        ledger: memoryLedger(),
        log,
        haste: 50,
        today: '2026-11-23',
        stand_ins: Object.fromEntries(ORIGINS.map((name) => [name, origin])),
        ...options,
      })
      opened.push(providers, server)
      return providers
    },
    async close() {
      for (const each of opened) await each.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
