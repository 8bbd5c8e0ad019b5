import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, inject } from 'vitest'
import { ROOT_DIRECTORY } from '../../../helpers/config/config.ts'
import { withDatabase } from '../../../helpers/postgres/database.ts'
import { type Scratch, scratchDatabase } from '../../../helpers/testing/scratch.ts'
import { SMALL_DELIVERY, writeDelivery } from '../flat-files/delivery.ts'
import { deliveryEnvironment } from './delivery-environment.ts'
import { inProcess } from './in-process.ts'

/** A small delivery and a database of its own for each test of the file. */
export function rebuiltDelivery() {
  let scratch: Scratch
  let root: string
  beforeEach(async () => {
    scratch = await scratchDatabase({ migrated: true })
    root = await writeDelivery(SMALL_DELIVERY)
  })
  afterEach(() => scratch.drop())
  const environment = (): Record<string, string> => deliveryEnvironment(scratch.connection, root)
  return {
    get scratch() {
      return scratch
    },
    get root() {
      return root
    },
    /** Loads the delivery with all seven jobs. */
    async load(...args: string[]): Promise<void> {
      const { exitCode, stderr } = await inProcess(['run', 'all', ...args], environment())
      expect(exitCode, stderr).toBe(0)
    },
    /** `npm run rebuild`. */
    rebuild: () =>
      execa(process.execPath, [join(ROOT_DIRECTORY, 'ingest', 'commands', 'rebuild.ts')], {
        env: environment(),
        extendEnv: false,
        reject: false,
      }),
    databasesNamed: (name: string) =>
      withDatabase(inject('testServer'), (db) =>
        db.rows('select from pg_database where datname = $1', [name]),
      ),
  }
}
