import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentLog } from '../../helpers/core/log.ts'
import { universeCsv } from '../../helpers/simulator/market/flat-files.ts'
import { createWorld } from '../../helpers/simulator/market/world.ts'
import { startMarketServers } from '../../helpers/simulator/servers/servers.ts'
import { writeDelivery } from '../testing/flat-files/delivery.ts'
import { readUniverse } from '../universe/read.ts'
import { REHEARSAL_CREDENTIALS } from './credentials.ts'
import { openHttpProviders } from './live.ts'

test('each provider gets one cheap request; a wrong key is named; a plan makes no requests', async () => {
  const world = createWorld({ securities: 60 })
  const market = await startMarketServers(world)
  const directory = await mkdtemp(join(tmpdir(), 'probe-'))
  const bootstrap = JSON.parse(await readFile(join(import.meta.dirname, '../../bootstrap.json'), 'utf8'))
  const open = (credentials: typeof REHEARSAL_CREDENTIALS) =>
    openHttpProviders(
      {
        source: { mode: 'rehearsal' },
        directories: { data: directory, archive: directory, backups: directory, reports: directory },
        providers: {
          variables: new Map(),
          set: bootstrap.provider_sets['free-keys'],
          stand_ins: market.stand_ins,
        },
      },
      { log: silentLog(), credentials },
    )
  const right = open(REHEARSAL_CREDENTIALS)
  const wrong = open({ ...REHEARSAL_CREDENTIALS, APCA_API_SECRET_KEY: 'wrong' })
  try {
    const universe = await readUniverse(
      join(await writeDelivery({ 'universe.csv': universeCsv(world) }), 'universe.csv'),
    )
    const plan = await right.plan(['prices-daily', 'fundamentals-raw'], universe, {
      start_date: world.start_date,
      end_date: world.end_date,
    })
    expect(plan.lines.map(({ provider }) => provider)).toEqual(['alpaca', 'sec-edgar'])
    // The facts of each filer, and its list of filings.
    const filers = new Set(world.securities.map(({ cik, source_id }) => cik ?? source_id))
    expect(plan.lines[1]?.requests).toBe(2 * filers.size)
    expect(market.log).toEqual([])

    const { signal } = new AbortController()
    expect((await right.probe(signal)).map(({ provider, fault }) => [provider, fault])).toEqual([
      ['alpaca', undefined],
      ['sec-edgar', undefined],
      ['nasdaq-directory', undefined],
    ])
    expect(market.log).toHaveLength(3)
    const faults = (await wrong.probe(signal)).filter(({ fault }) => fault !== undefined)
    expect(faults.map(({ provider }) => provider)).toEqual(['alpaca'])
    expect(faults[0]?.fault).toMatch(/alpaca answered (auth|entitlement)/)
  } finally {
    await Promise.all([right.close(), wrong.close()])
    await market.stop()
    await rm(directory, { recursive: true, force: true })
  }
})
