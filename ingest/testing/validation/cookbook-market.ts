import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, inject } from 'vitest'
import type { Connection } from '../../../helpers/config/connection.ts'
import type { Database } from '../../../helpers/postgres/database.ts'
import { universeCsv, writeFlatFiles } from '../../../helpers/simulator/market/flat-files.ts'
import type { Filer, Security, World } from '../../../helpers/simulator/market/types.ts'
import { createWorld } from '../../../helpers/simulator/market/world.ts'
import { type Recipe, readCookbook, withVariables } from '../../../helpers/testing/documents/cookbook.ts'
import { filledDatabase } from '../../../helpers/testing/scratch.ts'
import { JOB_NAMES } from '../../contract/job.ts'
import { ingestDelivery } from '../flat-files/delivery.ts'
import { type MarketTruth, truthOf } from './market-truth.ts'

export type Row = Readonly<Record<string, string | number | boolean | null>>

/** A database that contains a simulated market, and the queries of the cookbook. */
export interface CookbookMarket {
  readonly connection: Connection
  readonly db: Database
  readonly world: World
  readonly truth: MarketTruth
  readonly recipes: readonly Recipe[]
  /** The numbers of the questions whose queries ran. */
  readonly asked: ReadonlySet<number>
  /** Asks the question of this number, with values for its variables. */
  ask(number: number, values?: Readonly<Record<string, string>>): Promise<Row[]>
  /** security_id of a security. */
  idOf(security: Security): string
  drop(): Promise<void>
}

/** The market is loaded once for all test files of a run; each has a copy of its own. */
export async function openCookbookMarket(): Promise<CookbookMarket> {
  const world = createWorld({ seed: 'cookbook', securities: 66 })
  const recipes = readCookbook()
  const scratch = await filledDatabase('cookbook', (connection) => loadWorld(connection, world))
  const rows = await scratch.db.rows<{ source_id: string; security_id: string }>(
    'select source_id, security_id::text from stocks_research.securities',
  )
  const ids = new Map(rows.map(({ source_id, security_id }) => [source_id, security_id]))
  const asked = new Set<number>()
  return {
    connection: scratch.connection,
    db: scratch.db,
    world,
    truth: truthOf(world),
    recipes,
    asked,
    ask(number, values = {}) {
      const recipe = recipes.find((each) => each.number === number)
      if (recipe === undefined) throw new RangeError(`The cookbook has no question ${number}.`)
      asked.add(number)
      return scratch.db.rows<Row>(withVariables(recipe.sql, values))
    },
    idOf: ({ source_id }) => ids.get(source_id) ?? '',
    drop: scratch.drop,
  }
}

/** Loads the world by the seven jobs, from flat files. */
async function loadWorld(connection: Connection, world: World): Promise<void> {
  const directory = await mkdtemp(join(inject('testDirectory'), 'cookbook-'))
  await writeFlatFiles(world, directory)
  await writeFile(join(directory, 'universe.csv'), universeCsv(world))
  await ingestDelivery(connection, directory, {
    jobs: JOB_NAMES,
    window: { start_date: world.start_date, end_date: world.end_date },
  })
}

/** Numbers agree to nine digits: the truth is rounded where a float begins. */
export function near(got: unknown, wanted: number): void {
  expect(got).not.toBeNull()
  expect(Math.abs(Number(got) - wanted)).toBeLessThan(1e-9 * Math.max(1, Math.abs(wanted)))
}

export const bySecurity = (rows: readonly Row[]): Map<string, Row> =>
  new Map(rows.map((row) => [String(row['security_id']), row]))

export function filerOf({ filers }: World, { cik, source_id }: Security): Filer {
  const filer = filers.find((each) => each.cik === cik)
  if (filer === undefined) throw new RangeError(`${source_id} has no filer.`)
  return filer
}
