import { join } from 'node:path'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { CHECKS } from '../validation/checks.ts'
import { VALIDATING, validate } from '../validation/validate.ts'
import { type Measured, timed } from './figures.ts'
import type { Bench } from './loads.ts'
import { type Market, openMarket } from './market.ts'

// What follows from the rows: factors, quarters and standard items; then what reads them.

const SQL = join(import.meta.dirname, 'sql')
const KEY_BOUND_MS = 50

/** One security or one filer, from views and as-of functions. */
const BY_KEY: Readonly<Record<string, string>> = {
  prices_daily_adjusted_v: `
    select * from stocks_research.prices_daily_adjusted_v where security_id = :security`,
  prices_daily_adjusted_as_of: `
    select * from stocks_research.prices_daily_adjusted_as_of('2019-06-28', array[:security])`,
  returns_daily_v: 'select * from stocks_research.returns_daily_v where security_id = :security',
  fundamentals_standard_v: 'select * from stocks_research.fundamentals_standard_v where cik = :cik',
  fundamentals_as_of: `select * from stocks_research.fundamentals_as_of('2010-06-30', array[:cik])`,
  fundamentals_standard_as_of: `
    select * from stocks_research.fundamentals_standard_as_of('2010-06-30', array[:cik])`,
}

/** @param root the delivery that `measureLoads` wrote. */
export async function measureResearch(bench: Bench, root: string): Promise<Measured[]> {
  const { size, rounds, say, maintenance } = bench
  const bars = size.securities * size.sessions
  const facts = size.filers * size.facts
  const market = await openMarket(maintenance)
  try {
    say('  research')
    await market.load(root, ['securities', 'ticker-history', 'prices-daily', 'corporate-actions'])
    const facts_ms = await timed(() => market.load(root, ['fundamentals-raw']))
    await withDatabase(market.connection, (db) => db.execute('vacuum analyze'))
    const measured: Measured[] = []
    const stage = async (
      about: Pick<Measured, 'stage' | 'baseline' | 'bound' | 'rows'>,
      ours: () => Promise<number>,
      baseline: () => Promise<number>,
      times = rounds,
    ): Promise<void> => {
      const ours_ms: number[] = []
      const baseline_ms: number[] = []
      for (let round = 0; round < times; round += 1) {
        baseline_ms.push(await baseline())
        ours_ms.push(await ours())
      }
      const { securities, filers } = size
      measured.push({ ...about, securities, filers, ours_ms, baseline_ms })
    }
    const scan = (): Promise<number> => market.query(queryFile(SQL, 'ordered-scan'))
    await stage(
      { stage: 'factors for the whole market', baseline: 'an ordered scan of prices', bound: 5, rows: bars },
      () => timed(() => market.load(root, ['adjustment-factors'], true)),
      scan,
    )
    await stage(
      {
        stage: 'quarters and standard items',
        baseline: 'first load of their facts',
        bound: 0.8,
        rows: facts,
      },
      () => timed(() => market.load(root, ['fundamentals-derived'], true)),
      async () => facts_ms,
      1,
    )
    await stage(
      { stage: 'scan of the adjusted view', baseline: 'a join by hand', bound: 1.1, rows: bars },
      () => market.query(queryFile(SQL, 'adjusted-view')),
      () => market.query(queryFile(SQL, 'adjusted-by-hand')),
    )
    const checks = CHECKS.filter(({ job }) => job === 'prices-daily' || job === 'corporate-actions')
    await stage(
      {
        stage: `${checks.length} checks on prices and actions`,
        baseline: 'an ordered scan of prices',
        bound: 25,
        rows: bars,
      },
      () => timed(() => withDatabase(market.connection, (db) => validate(db, { checks }), VALIDATING)),
      scan,
    )
    for (const [name, sql] of Object.entries(await byKey(market)))
      await stage(
        { stage: `${name} by its key`, baseline: `${KEY_BOUND_MS} ms`, bound: 1, rows: 1 },
        () => secondTime(market, sql),
        async () => KEY_BOUND_MS,
      )
    return measured
  } finally {
    await market.drop()
  }
}

/** The queries by key, for one security and one filer. */
async function byKey({ connection }: Market): Promise<Record<string, string>> {
  const { security_id, cik } = await withDatabase(connection, (db) =>
    db.one<{ security_id: string; cik: string }>(
      `select min(security_id)::text as security_id, min(cik) as cik
       from stocks_research.securities
       where cik is not null`,
    ),
  )
  // Counted by the server: how long it takes to send the rows depends on the client.
  const filled = (sql: string): string => {
    const query = sql.replace(':security', security_id).replace(':cik', `'${cik}'`)
    return `select count(*) from (${query} offset 0) found`
  }
  return Object.fromEntries(Object.entries(BY_KEY).map(([name, sql]) => [name, filled(sql)]))
}

/** The first call of a session reads the catalogue, and the pages from disk; the second one is measured. */
const secondTime = ({ connection }: Market, sql: string): Promise<number> =>
  withDatabase(connection, async (db) =>
    db.session(async (session) => {
      await session.rows(sql)
      return timed(() => session.rows(sql))
    }),
  )
