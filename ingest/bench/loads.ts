import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Connection } from '../../helpers/config/connection.ts'
import type { JobName } from '../contract/job.ts'
import { type Measured, timed } from './figures.ts'
import { type BenchSize, writeInputs } from './inputs.ts'
import { insertMany } from './inserts.ts'
import { type BenchTable, openMarket } from './market.ts'

// First loads and repeated loads, ours and the baselines in turn, each in a new database.

interface Dataset {
  readonly table: BenchTable
  readonly job: JobName
  readonly before: readonly JobName[]
  readonly bounds: {
    readonly first: number
    readonly same: number
    readonly full: number
    readonly changed: number | null
  }
}

const PRICES: Dataset = {
  table: 'prices_daily',
  job: 'prices-daily',
  before: ['securities', 'ticker-history'],
  bounds: { first: 2, same: 0.05, full: 0.6, changed: 0.7 },
}
const FACTS: Dataset = {
  table: 'fundamentals_raw',
  job: 'fundamentals-raw',
  before: ['securities'],
  bounds: { first: 2.5, same: 0.05, full: 0.6, changed: null },
}

/** What a round needs. */
export interface Bench {
  readonly maintenance: Connection
  /** A folder of the benchmark's own. */
  readonly directory: string
  readonly size: BenchSize
  readonly seed: number
  readonly rounds: number
  readonly say: (text: string) => void
}

/** Times of every stage, one number a round. */
type Times = Map<string, number[]>

const add = (times: Times, stage: string, ms: number): void =>
  void times.set(stage, [...(times.get(stage) ?? []), ms])

/** The loads of prices, then those of facts. */
export async function measureLoads(bench: Bench): Promise<Measured[]> {
  const root = join(bench.directory, 'delivery')
  const changed = join(bench.directory, 'changed')
  await rm(root, { recursive: true, force: true })
  await rm(changed, { recursive: true, force: true })
  await writeInputs(root, bench.size, bench.seed)
  await writeInputs(changed, bench.size, bench.seed, 0.01)
  const measured: Measured[] = []
  for (const dataset of [PRICES, FACTS])
    measured.push(...(await measureDataset(bench, dataset, root, changed)))
  return measured
}

async function measureDataset(
  bench: Bench,
  dataset: Dataset,
  root: string,
  changed: string,
): Promise<Measured[]> {
  const { table, job, before, bounds } = dataset
  const { size, rounds } = bench
  const rows = table === 'prices_daily' ? size.securities * size.sessions : size.filers * size.facts
  const times: Times = new Map()
  for (let round = 0; round < rounds; round += 1) {
    bench.say(`  ${table}, round ${round + 1} of ${rounds}`)
    const market = await openMarket(bench.maintenance)
    try {
      await market.load(root, before)
      const copy = join(bench.directory, `${table}.copy`)
      add(times, 'ours', await timed(() => market.load(root, [job])))
      // The rows of the baseline are those that we stored, in the order in which the files have them.
      await market.psql(`\\copy (select * from stocks_research.${table} order by 1, 2) to '${copy}'`)
      await measureBaselines({ ...bench, times, dataset, root, copy })
      add(times, 'same', await timed(() => market.load(root, [job])))
      add(times, 'full', await timed(() => market.load(root, [job], true)))
      if (bounds.changed !== null) add(times, 'changed', await timed(() => market.load(changed, [job], true)))
      await rm(copy, { force: true })
    } finally {
      await market.drop()
    }
  }
  const of = (
    stage: string,
    name: string,
    against: string,
    baseline: string,
    bound: number | null,
  ): Measured => ({
    stage: `${table}: ${name}`,
    baseline,
    bound,
    securities: size.securities,
    filers: size.filers,
    rows,
    ours_ms: times.get(stage) ?? [],
    baseline_ms: times.get(against) ?? [],
  })
  return [
    of('ours', 'first load', 'copy', 'psql \\copy', bounds.first),
    of('same', 'again, same bytes', 'ours', 'our first load', bounds.same),
    of('full', 'again, --full', 'ours', 'our first load', bounds.full),
    ...(bounds.changed === null
      ? []
      : [of('changed', '1 % of rows changed, --full', 'ours', 'our first load', bounds.changed)]),
    of('ours', 'first load', 'inserts', 'inserts of 1,000 rows', 1),
  ]
}

interface Baselines extends Bench {
  readonly times: Times
  readonly dataset: Dataset
  readonly root: string
  readonly copy: string
}

/** `psql \copy` and multi-row inserts of the same rows into the same table of databases of their own. */
async function measureBaselines({ maintenance, times, dataset, root, copy }: Baselines): Promise<void> {
  const { table, before } = dataset
  for (const baseline of ['copy', 'inserts'] as const) {
    const market = await openMarket(maintenance)
    try {
      await market.load(root, before)
      const load = (): Promise<void> =>
        baseline === 'copy'
          ? market.psql(`\\copy stocks_research.${table} from '${copy}'`)
          : insertMany(market.connection, table, copy)
      add(times, baseline, await timed(load))
    } finally {
      await market.drop()
    }
  }
}
