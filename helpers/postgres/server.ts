import type { Config } from '../config/config.ts'
import type { Connection } from '../config/connection.ts'
import { PreconditionError } from '../core/errors.ts'
import { startContainer } from './container.ts'
import { withDatabase } from './database.ts'
import { startEmbedded } from './embedded.ts'
import { findMaintenance } from './existing.ts'

/** The oldest PostgreSQL that the schema works on (`nulls not distinct`, security-invoker views). */
const SERVER_MAJOR_MIN = 15

export interface ServerDescription {
  /** As the server says it, e.g. `15.18`. */
  readonly version: string
  /** 150018 for 15.18. */
  readonly version_number: number
  /** Identity of the cluster since initdb; null where we are not allowed to ask. */
  readonly system_identifier: string | null
}

/** The PostgreSQL server that a run works on. */
export interface Server {
  readonly kind: 'existing' | 'embedded' | 'container'
  /** The target database, which need not exist yet. */
  readonly connection: Connection
  /**
   * A database that is always there: for locks and for questions about others. Nothing is ever written to it.
   */
  readonly maintenance: Connection
  describe(): Promise<ServerDescription>
  /** Ends what lives only for this run, the container. The embedded server and yours go on. */
  stop(): Promise<void>
}

async function reach({
  postgres,
  directories,
}: Pick<Config, 'postgres' | 'directories'>): Promise<Pick<Server, 'maintenance' | 'stop'>> {
  switch (postgres.kind) {
    case 'existing':
      return findMaintenance(postgres.connection)
    case 'container':
      return startContainer()
    default:
      return { maintenance: await startEmbedded(directories.data), stop: async () => {} }
  }
}

/**
 * Reaches or starts the server that the configuration names.
 *
 * @throws PreconditionError when it does not answer, or is older than PostgreSQL 15, with what to do.
 */
export async function startServer(config: Pick<Config, 'postgres' | 'directories'>): Promise<Server> {
  const { postgres } = config
  const { maintenance, stop } = await reach(config)
  const database = postgres.kind === 'existing' ? postgres.connection.database : postgres.database
  const server: Server = {
    kind: postgres.kind,
    connection: { ...maintenance, database },
    maintenance,
    describe: () => describeServer(maintenance),
    stop,
  }
  const fault = versionFault(await server.describe(), maintenance)
  if (fault !== undefined) {
    await stop()
    throw new PreconditionError(fault)
  }
  return server
}

/** Why a server of this version cannot be used; undefined when it can. */
export function versionFault(
  { version, version_number }: ServerDescription,
  { host, port }: Connection,
): string | undefined {
  if (version_number >= SERVER_MAJOR_MIN * 10_000) return undefined
  return (
    `PostgreSQL at ${host}:${port} is version ${version}; ${SERVER_MAJOR_MIN} is the oldest that works. ` +
    'Set PGHOST and PGPORT to a newer server, or unset PGHOST to use the embedded one.'
  )
}

/** Version and identity of the server behind a connection. */
export const describeServer = (connection: Connection): Promise<ServerDescription> =>
  withDatabase(connection, async (db) => {
    const { version, number } = await db.one<{ version: string; number: number }>(
      `select split_part(current_setting('server_version'), ' ', 1) as version,
              current_setting('server_version_num')::int as number`,
    )
    const identity = await db
      .one<{ id: string }>('select system_identifier::text as id from pg_control_system()')
      .catch(() => null)
    return { version, version_number: number, system_identifier: identity?.id ?? null }
  })
