import { REHEARSAL_HASTE } from '../config/rehearsal.ts'
import type { Dialect } from './market/dialect.ts'
import { lastTicker } from './market/flat-files.ts'
import type { Security, World } from './market/types.ts'
import { createWorld } from './market/world.ts'
import { REHEARSAL_FAULTS } from './servers/faults.ts'
import { type Market, startMarketServers } from './servers/servers.ts'

/** What the rehearsal loses on purpose, so that a loss is seen to have a name. */
export interface Losses {
  /** A listed stock that the broker has never heard of: it has no bars. */
  readonly hidden: Security
  /** A filer whose filings always end in an error of the server: it has no facts. */
  readonly broken: Security
}

/** The last plain stocks of the world: nothing else happens to them. */
export function lossesOf({ securities }: World): Losses {
  const [broken, hidden] = securities
    .filter(({ scenario, cik, actions }) => scenario === 'plain' && cik !== null && actions.length === 0)
    .slice(-2)
  if (broken === undefined || hidden === undefined)
    throw new RangeError('The world has no two plain stocks to lose.')
  return { broken, hidden }
}

/**
 * The simulated market as a rehearsal meets it: every fault on the way, two losses, and limits that are
 * enforced.
 */
export function startRehearsalMarket(world: World = createWorld()): Promise<Market> {
  const { broken, hidden } = lossesOf(world)
  return startMarketServers(world, {
    faults: {
      ...REHEARSAL_FAULTS,
      ratio: 0.02,
      hidden_tickers: [lastTicker(hidden)],
      broken_ciks: [broken.cik ?? ''],
    },
    limits: {
      sec: { requests: 10 * REHEARSAL_HASTE, window_ms: 1000 },
      alpaca: { requests: 200 * REHEARSAL_HASTE, window_ms: 60_000 },
    },
  })
}

/** The same dialect in a world with losses: what is lost is not reported, and nothing else is missing. */
export const withLosses = (dialect: Dialect, { broken, hidden }: Losses): Dialect => ({
  ...dialect,
  reported(world) {
    const reported = dialect.reported(world)
    return {
      ...reported,
      securities: reported.securities.map((security) =>
        security.source_id === hidden.source_id ? { ...security, bars: [] } : security,
      ),
      filers: reported.filers.map((filer) =>
        filer.cik === broken.cik ? { ...filer, filings: [], announcements: [] } : filer,
      ),
    }
  },
})
