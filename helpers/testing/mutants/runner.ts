/**
 * Runs test files of the project in the current folder for a parent process, again and again: Vitest, its
 * test server and the migrated databases stay between two requests, which is most of the time of a mutant.
 */
import { once } from 'node:events'
import { createVitest } from 'vitest/node'
import type { Connection } from '../../config/connection.ts'
import { withDatabase } from '../../postgres/database.ts'
import { quoteIdentifier } from '../../postgres/sql.ts'

export interface Request {
  /** The file that has changed since the last request. */
  readonly changed: string
  /** Test files, in the order in which they are run, until one fails. */
  readonly tests: readonly string[]
  /** Of the tests only those whose titles match. */
  readonly pattern?: string
}
export interface Reply {
  /** The first failed test, or the file that failed outside of its tests; undefined when all passed. */
  readonly killer?: string
  /** The first line and more of its error. */
  readonly reason?: string
}

const shared = globalThis as typeof globalThis & {
  stocksResearchTestServer?: { server: Promise<{ connection: Connection }> }
}
const vitest = await createVitest('test', {
  watch: false,
  bail: 1,
  reporters: [{}],
  project: ['unit', 'property'],
  maxWorkers: 1,
})

/** Databases that tests filled with the code as it was before. */
async function dropFilled(): Promise<void> {
  const server = await shared.stocksResearchTestServer?.server
  if (server === undefined) return
  await withDatabase(server.connection, async (db) => {
    const sql = "select datname from pg_database where datname like 'filled\\_%'"
    for (const { datname } of await db.rows<{ datname: string }>(sql))
      await db.execute(`drop database ${quoteIdentifier(datname)}`)
  })
}

async function firstFailed({ changed, tests, pattern }: Request): Promise<Reply> {
  vitest.invalidateFile(changed)
  await dropFilled()
  if (pattern === undefined) vitest.resetGlobalTestNamePattern()
  else vitest.setGlobalTestNamePattern(pattern)
  for (const path of tests) {
    const specifications = await vitest.globTestSpecifications([path])
    if (specifications.length === 0) throw new TypeError(`no test file is ${path}`)
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications)
    // The modules of earlier requests are in the list too, with their old results.
    const ids = specifications.map(({ moduleId }) => moduleId)
    for (const module of testModules.filter(({ moduleId }) => ids.includes(moduleId))) {
      const failed = [...module.children.allTests('failed')][0]
      if (failed !== undefined) {
        const reason = failed.result().errors?.[0]?.message
        return { killer: `${path}: ${failed.fullName}`, ...(reason !== undefined && { reason }) }
      }
      if (module.ok()) continue
      return {
        killer: path,
        reason: module
          .errors()
          .map(({ message }) => message)
          .join('\n'),
      }
    }
    if (unhandledErrors.length > 0) return { killer: path, reason: String(unhandledErrors[0]) }
  }
  return {}
}

process.on('message', (request: Request) => {
  firstFailed(request).then(
    (reply) => process.send?.(reply),
    (error: unknown) => process.send?.({ killer: 'the runner', reason: String(error) }),
  )
})
process.send?.('ready')
await once(process, 'disconnect')
await vitest.close()
process.exit()
