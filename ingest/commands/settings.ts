import { type Config, readConfigWith } from '../../helpers/config/config.ts'
import type { Connection } from '../../helpers/config/connection.ts'
import { ConfigError } from '../../helpers/core/errors.ts'
import { redact } from '../../helpers/core/redact.ts'
import { watchLockWaits } from '../../helpers/database/lock-waits.ts'
import { requireCurrentSchema } from '../../helpers/database/migrate-state.ts'
import { requireBuilt } from '../../helpers/database/target-database.ts'
import { type Server, startServer } from '../../helpers/postgres/server.ts'
import { UsageError } from './entry.ts'

interface Grouping {
  readonly groupRows?: number
}

/** Options of the command line, as commander gives them. */
export interface Choices extends Grouping {
  readonly universe?: string
  readonly start?: string
  readonly end?: string
  readonly source?: string
  readonly plan?: boolean
  readonly maxRequests?: number
  readonly full?: boolean
  readonly backup?: boolean
  readonly json?: boolean
  readonly without?: readonly string[]
}

const OPTIONS = { universe: 'UNIVERSE', start: 'START', end: 'END', source: 'SOURCE' } as const

/**
 * The configuration, in which options of the command line replace variables of the environment.
 *
 * @throws UsageError that names the option, for a fault of its value. ConfigError for any other fault.
 */
export function configOf(choices: Choices): Config {
  const given = Object.entries(OPTIONS).flatMap(([option, variable]) => {
    const value = choices[option as keyof typeof OPTIONS]
    return value === undefined ? [] : [{ option: `--${option}`, variable: `BOOTSTRAP_${variable}`, value }]
  })
  try {
    const overrides = Object.fromEntries(given.map(({ variable, value }) => [variable, value]))
    return readConfigWith(overrides, { needs_backups: choices.plan !== true })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const faults = error.faults.flatMap((fault) => {
      const blamed = given.find(({ variable }) => fault.includes(variable))
      return blamed === undefined ? [] : [fault.replaceAll(blamed.variable, blamed.option)]
    })
    if (faults.length < error.faults.length) throw error
    throw new UsageError(`error: ${faults.join('\nerror: ')}`)
  }
}

const warn = (line: string): void => void process.stderr.write(`${redact(line)}\n`)

/** Starts or reaches the server for `work`. */
export async function onServer<T>(config: Config, work: (server: Server) => Promise<T>): Promise<T> {
  const server = await startServer(config)
  try {
    return await work(server)
  } finally {
    await server.stop()
  }
}

/** The same, for what needs a database that was built before. */
export const onDatabase = (config: Config, work: (connection: Connection) => Promise<void>): Promise<void> =>
  onServer(config, async ({ connection }) => {
    await requireBuilt(connection)
    const endWatch = watchLockWaits(connection, connection.database, warn)
    try {
      await work(connection)
    } finally {
      await endWatch()
    }
  })

/** The same, for what writes: the schema must be the one of this version. */
export const onCurrentDatabase = (
  config: Config,
  work: (connection: Connection) => Promise<void>,
): Promise<void> =>
  onDatabase(config, async (connection) => {
    await requireCurrentSchema(connection)
    await work(connection)
  })
