import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../../../helpers/core/log.ts'
import { openArchive } from '../../archive/archive.ts'
import { type HttpClient, openClient } from '../../http/client.ts'
import { memoryLedger } from '../../http/ledger.ts'
import type { ClientOptions } from '../../http/options.ts'
import type { HttpProfile } from '../../http/profile.ts'
import { serve, type TestServer } from './server.ts'

export const OFFICIAL = 'https://data.example.com'
export const profile: HttpProfile = {
  provider: 'example',
  adapter_version: '1',
  origins: [OFFICIAL],
  limits: [{ requests_max: 1000, window_ms: 1000 }],
  headers: {},
  concurrency_max: 4,
}
export const never = new AbortController().signal

/** A client of one server on loopback, with an archive and a ledger of its own. */
export async function openFixture() {
  const directory = await mkdtemp(join(tmpdir(), 'client-'))
  const ledger = memoryLedger()
  const opened: { close(): Promise<void> }[] = []
  let server: TestServer | undefined
  const open = (options: Partial<ClientOptions> = {}, own: Partial<HttpProfile> = {}): HttpClient => {
    const stand_in =
      server === undefined || options.mode === 'replay' ? {} : { stand_ins: { [OFFICIAL]: server.origin } }
    const client = openClient(
      { ...profile, ...own },
      { ledger, archive: openArchive(directory), log: silentLog(), mode: 'live', ...stand_in, ...options },
    )
    opened.push(client)
    return client
  }
  return {
    directory,
    ledger,
    open,
    origin: (): string => server?.origin ?? '',
    asked: (): TestServer['asked'] => server?.asked ?? [],
    async clientOf(
      answer: Parameters<typeof serve>[0],
      options: Partial<ClientOptions> = {},
      own: Partial<HttpProfile> = {},
    ): Promise<HttpClient> {
      server = await serve(answer)
      opened.push(server)
      return open(options, own)
    },
    ask: (client: HttpClient, path = '/a?x=1', signal = never) =>
      client.fetch({ url: `${OFFICIAL}${path}`, expects: 'json' }, signal),
    classes: (): unknown[] => ledger.entries.map(({ settlement }) => settlement?.outcome),
    async close() {
      for (const each of opened) await each.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
