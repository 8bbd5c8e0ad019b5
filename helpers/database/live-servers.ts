import type { Config } from '../config/config.ts'
import type { Connection } from '../config/connection.ts'
import { PreconditionError } from '../core/errors.ts'
import type { ServerDescription } from '../postgres/server.ts'

/**
 * A live run is made only on a server that `bootstrap.json` names by its system identifier, which no other
 * cluster has, whatever a host name or a port leads to. To be asked before anything is written. Every other
 * mode may run anywhere.
 *
 * @throws PreconditionError that says what to add, and where.
 */
export function requireLiveServer(
  { source, bootstrap }: Pick<Config, 'source' | 'bootstrap'>,
  { system_identifier }: Pick<ServerDescription, 'system_identifier'>,
  { host, port, user }: Pick<Connection, 'host' | 'port' | 'user'>,
): void {
  if (source.mode !== 'live') return
  const named = bootstrap.live_system_identifiers
  if (system_identifier !== null && named.includes(system_identifier)) return
  const where = `The server at ${host}:${port}`
  if (system_identifier === null) {
    throw new PreconditionError(
      `${where} does not give ${user} its system identifier, so a live run cannot verify which ` +
        'server it is. Nothing was written. Let its superuser run: grant execute on function ' +
        `pg_control_system() to ${user};`,
    )
  }
  throw new PreconditionError(
    `${where} has the system identifier ${system_identifier}, and bootstrap.json allows live ` +
      `runs on ${named.length === 0 ? 'none yet' : named.join(', ')}. Nothing was written. If ` +
      `it is the server that you mean, add "${system_identifier}" to live_system_identifiers ` +
      'in bootstrap.json; else set PGHOST and PGPORT.',
  )
}
