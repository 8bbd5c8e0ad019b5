import type { Connection } from './connection.ts'
import type { Environment } from './environment.ts'

// PGPASSFILE names no server. TERM, PAGER and EDITOR are for psql, the last three for a tag that git signs.
// With NODE_COMPILE_CACHE a Node.js child starts in half of the time.
const CHILD_VARIABLES = [
  'PATH',
  'Path',
  'HOME',
  'USERPROFILE',
  'TMPDIR',
  'TEMP',
  'TMP',
  'LD_LIBRARY_PATH',
  'SystemRoot',
  'SYSTEMROOT',
  'ComSpec',
  'APPDATA',
  'NODE_COMPILE_CACHE',
  'PGPASSFILE',
  'TERM',
  'PAGER',
  'EDITOR',
  'GNUPGHOME',
  'GPG_TTY',
  'SSH_AUTH_SOCK',
]

/** What any child needs from our environment: no secret, and no `PG*` variable that names a server. */
export const childEnvironment = (environment: Environment = process.env): Record<string, string> =>
  Object.fromEntries(
    CHILD_VARIABLES.flatMap((name) => {
      const value = environment[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )

/**
 * The environment of a child that is this product itself, e.g. the runner in a drill: all of ours, with some
 * variables set.
 */
export const ownEnvironment = (
  set: Readonly<Record<string, string>> = {},
  environment: Environment = process.env,
): Environment => ({
  ...environment,
  ...set,
})

/** Tells this process and its children where the servers of the rehearsal are; undefined takes it back. */
export function announceStandIns(stand_ins: Readonly<Record<string, string>> | undefined): void {
  const pairs = Object.entries(stand_ins ?? {}).map((pair) => pair.join('='))
  process.env['BOOTSTRAP_STAND_INS'] = pairs.join() // Empty is as good as unset.
}

/**
 * Tells this process and its children to use the server that was started for this run; undefined takes it
 * back. Without it each child of a run in a container would start a container of its own, and work on an
 * empty server.
 */
export function announceServer(connection: Connection | undefined): void {
  const { host = '', port = '', user = '', password = '', ssl = '' } = connection ?? {}
  const variables = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGSSLMODE: ssl }
  Object.assign(process.env, variables, { BOOTSTRAP_POSTGRES: connection === undefined ? 'container' : '' })
}
