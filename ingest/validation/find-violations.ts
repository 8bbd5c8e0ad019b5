import { join } from 'node:path'
import { ConfigError, FormatError, messageOf } from '../../helpers/core/errors.ts'
import type { Database, Row } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import type { Check, Violation } from './check.ts'

const SQL = join(import.meta.dirname, 'sql')

/**
 * How a check is run. A check looks each bar up once: a cache of look-ups is never hit, and costs six times
 * the join that it replaces. With less memory, the sorts of all facts go by way of the disk.
 */
export const CHECK_SETTINGS = "set local enable_memoize = off; set local work_mem = '64MB'"

/**
 * The violations of one check, at most `violations_max` of them, and their number. The query cannot write.
 *
 * @throws FormatError that names the check when PostgreSQL cannot run it, or a row has no subject.
 */
export async function findViolations(
  db: Database,
  { name, file, query, settings = {} }: Check,
  violations_max: number,
): Promise<{ readonly violations: readonly Violation[]; readonly violations_count: number }> {
  // Extended protocol, since it has a parameter: PostgreSQL then takes one statement and no more.
  const statement = queryFile(SQL, 'find-violations', { query })
  let rows: { violation: Violation & Row; total: string }[]
  try {
    rows = await readOnly(db, async (tx) => {
      for (const setting of Object.entries(settings))
        await tx.rows('select set_config($1, $2, true)', setting)
      return tx.rows(statement, [violations_max])
    })
  } catch (error) {
    throw new FormatError(
      `The check ${name} could not run: ${causeOf(error)}. Nothing was validated by it; fix ${file}.`,
      { cause: error },
    )
  }
  if (rows.some(({ violation }) => violation.subject === null))
    throw new FormatError(
      `The check ${name} returned a row whose subject is null. Say in ${file} what the violation is about.`,
    )
  return { violations: rows.map(({ violation }) => violation), violations_count: Number(rows[0]?.total ?? 0) }
}

/**
 * Lets PostgreSQL parse and plan the queries of a user's own checks, without running them.
 *
 * @throws ConfigError that names each file whose query cannot run here, with what PostgreSQL says.
 */
export async function requireQueries(db: Database, checks: readonly Check[]): Promise<void> {
  const faults: string[] = []
  for (const { file, query } of checks) {
    try {
      await readOnly(db, (tx) => tx.rows(`select v.subject from (\n${query}\n) v limit $1::bigint`, [0]))
    } catch (error) {
      faults.push(`${file}: PostgreSQL cannot use its query: ${causeOf(error)}. ${adviceFor(error)}`)
    }
  }
  if (faults.length > 0) throw new ConfigError(faults)
}

/**
 * What `work` gives, on a savepoint that cannot write. Nothing of it stays in the transaction around it:
 * neither a setting nor an error.
 */
async function readOnly<T>(db: Database, work: (tx: Database) => Promise<T>): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.execute(`savepoint a_check; set transaction read only; ${CHECK_SETTINGS}`)
    const outcome = await work(tx).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    )
    const undone = tx.execute('rollback to savepoint a_check; release savepoint a_check')
    if ('error' in outcome) {
      await undone.catch(() => {}) // The first error is the one that matters.
      throw outcome.error
    }
    await undone
    return outcome.value
  })
}

const causeOf = (error: unknown): string =>
  error instanceof Error && error.cause instanceof Error ? error.cause.message : messageOf(error)

function adviceFor(error: unknown): string {
  const code = (error as { sqlstate?: string }).sqlstate
  if (code === '42703') return 'Name what each violation is about: ... as subject'
  if (code === '0A000' || code === '25006') return 'A check only reads: write one select'
  return 'Correct it; psql -f runs it by itself'
}
