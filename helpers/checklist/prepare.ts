import { readConfig } from '../config.ts'
import type { Connection } from '../database.ts'
import { PreconditionError } from '../errors.ts'
import type { Prepare } from './setup.ts'

/** What the phases know of the world that was prepared for them. Plain data: it crosses into another process, and never to disk. */
export interface Target {
  readonly run_id: string
  /** The folder of this run's evidence; a phase may leave files there. */
  readonly run_directory: string
  readonly mode: string
  /** The database that the run rebuilds. */
  readonly connection: Connection
  /** The maintenance database of the same server. */
  readonly maintenance: Connection
}

declare module 'vitest' {
  interface ProvidedContext {
    target: Target
  }
}

/** Makes the world ready, or says with a PreconditionError why it is not. Runs once, in the main process, before phase 0. */
export const prepare: Prepare<Target> = async ({ run_id, run_directory }) => {
  const config = readConfig()
  if (config.postgres.kind !== 'existing') throw new PreconditionError('Set PGHOST: only a server of yours can be used so far.')
  const { connection } = config.postgres
  const target: Target = {
    run_id,
    run_directory,
    mode: config.source.mode,
    connection,
    maintenance: { ...connection, database: 'postgres' },
  }
  return {
    target,
    scope: { mode: target.mode, host: connection.host, port: connection.port, database: connection.database },
    identity: { server: `${connection.host}:${connection.port}`, database: connection.database },
    close: async () => {},
  }
}
