import { existsSync, type Stats, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Connection, databaseNameFault, SSL_MODES, type SslMode } from './connection.ts'
import { type Environment, show } from './environment.ts'
import { readPasswordFile } from './password-file.ts'

export type PostgresConfig =
  | { readonly kind: 'existing'; readonly connection: Connection }
  | { readonly kind: 'embedded'; readonly database: string }
  | { readonly kind: 'container'; readonly database: string }

/** The server that the environment names; its faults are added to `faults`. */
export function readPostgres(env: Environment, root: string, faults: string[]): PostgresConfig {
  const database = env['PGDATABASE'] ?? 'stocks_research'
  const nameFault = databaseNameFault(database)
  if (nameFault !== undefined) faults.push(`PGDATABASE is ${show(database)}; it ${nameFault}`)

  const kind = env['BOOTSTRAP_POSTGRES']
  if (kind !== undefined && kind !== 'embedded' && kind !== 'container') {
    faults.push(
      `BOOTSTRAP_POSTGRES is ${show(kind)}; it must be embedded or container ` +
        '(or unset, with PGHOST for a server of yours)',
    )
  }
  const host = env['PGHOST']
  if (host !== undefined && kind !== undefined)
    faults.push(`PGHOST is ${show(host)} and BOOTSTRAP_POSTGRES is ${show(kind)}; set only one of the two`)
  faults.push(...otherServers(env))
  const ssl = readSslMode(env, faults)
  if (host === undefined) return { kind: kind === 'container' ? 'container' : 'embedded', database }
  if (!isHost(host)) {
    faults.push(
      `PGHOST is ${show(host.replace(/^.*@/, '…@'))}; it must be one name, one address or the folder of a ` +
        'socket. The port goes into PGPORT, the password into PGPASSWORD',
    )
  }
  const user = env['PGUSER'] ?? env['USER'] ?? env['USERNAME'] ?? 'postgres'
  const server = { host, port: readPort(env, faults), user, database }
  const given = env['PGPASSWORD']
  const { password = given, ...rest } = given === undefined ? readPasswordFile(env, server) : {}
  const tls = readTls(env, root, host, ssl, faults)
  return { kind: 'existing', connection: { ...server, password, ...rest, ...tls } }
}

/**
 * A fault for each variable that names a server for other programs and that this product does not read: the
 * run would use another server than the one that was meant.
 */
function otherServers(env: Environment): string[] {
  if (env['BOOTSTRAP_POSTGRES'] !== undefined) return []
  const instead =
    'Set PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE instead, ' +
    'or BOOTSTRAP_POSTGRES=embedded for the embedded server'
  const names = ['PGSERVICE', 'PGHOSTADDR', ...(env['PGHOST'] === undefined ? ['DATABASE_URL'] : [])]
  // The value may contain a password, and is not shown.
  return names
    .filter((name) => env[name] !== undefined)
    .map(
      (name) =>
        `${name} is set, but it is not read here, and the server that it names would not be used. ${instead}`,
    )
}

/** Names, IPv4 and IPv6 addresses, and folders, those of Windows too. */
const isHost = (host: string): boolean =>
  /^[/\\]|^[A-Za-z]:[/\\]/.test(host) ||
  /^[\w.-]+$/.test(host) ||
  /^[0-9a-f:.%]*:[\w:.%]*:[\w:.%]*$/i.test(host)

function readPort(env: Environment, faults: string[]): number {
  const text = env['PGPORT'] ?? '5432'
  const port = /^\d+$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) faults.push(`PGPORT is ${show(text)}; it must be a port, 1 to 65535`)
  return port
}

/** Variables of libpq that demand more of a connection than is done here. */
const DEMANDS = [
  'PGREQUIRESSL',
  'PGREQUIREPEER',
  'PGREQUIREAUTH',
  'PGSSLCRL',
  'PGSSLCRLDIR',
  'PGSSLNEGOTIATION',
]

/** A wrong mode is a fault also where the embedded server is used: the user meant another one. */
function readSslMode(env: Environment, faults: string[]): SslMode {
  const mode = env['PGSSLMODE'] ?? 'prefer'
  if (isSslMode(mode)) return mode
  faults.push(`PGSSLMODE is ${show(mode)}; it must be one of ${SSL_MODES.join(', ')}`)
  return 'verify-full'
}

function readTls(env: Environment, root: string, host: string, mode: SslMode, faults: string[]): TlsConfig {
  for (const name of DEMANDS)
    if (env[name] !== undefined) faults.push(`${name} is set, but it is not read here. Unset it`)
  // A socket never leaves the machine, and libpq does not encrypt it.
  if (/^[/\\]/.test(host)) return { ssl: 'disable' }
  // Without encryption libpq reads no certificate, and no key.
  if (mode === 'disable') return { ssl: mode }
  const home = env['HOME'] ?? env['USERPROFILE']
  const fileOf = (name: string, file: string, what: string): string | undefined => {
    const given = env[name]
    const path = given === undefined ? join(home ?? '', '.postgresql', file) : resolve(root, given)
    if (existsSync(path)) return path
    if (given !== undefined)
      faults.push(`${name} is ${show(given)}; no such file: ${path}. It must be ${what}`)
    return undefined
  }
  const is_system = env['PGSSLROOTCERT'] === 'system'
  if (is_system && mode !== 'verify-full')
    faults.push(`PGSSLROOTCERT is "system", and PGSSLMODE is ${show(mode)}; it must be verify-full then`)
  const root_certificate_file = is_system
    ? 'system'
    : fileOf('PGSSLROOTCERT', 'root.crt', "the certificate of the server's authority")
  const client_certificate_file = fileOf('PGSSLCERT', 'postgresql.crt', 'our own certificate')
  const client_key_file = fileOf('PGSSLKEY', 'postgresql.key', 'the key of PGSSLCERT')
  if (client_certificate_file !== undefined && client_key_file === undefined)
    faults.push('PGSSLKEY is not set; the certificate of PGSSLCERT needs its key')
  if (client_certificate_file !== undefined && client_key_file !== undefined)
    faults.push(...faultsOfKey(client_key_file))
  if (mode === 'verify-ca' && root_certificate_file === undefined)
    faults.push('PGSSLROOTCERT is not set; PGSSLMODE=verify-ca needs the authority of the server')
  return {
    ssl: mode,
    ...(root_certificate_file !== undefined && { root_certificate_file }),
    ...(client_certificate_file !== undefined && { client_certificate_file }),
    ...(client_key_file !== undefined && { client_key_file }),
  }
}

/** As libpq, whose tools refuse such a key after the driver has used it. */
function faultsOfKey(path: string): string[] {
  const status: Stats = statSync(path)
  if (!status.isFile()) return [`PGSSLKEY is ${show(path)}; it is not a plain file`]
  if (process.platform === 'win32') return []
  const allowed = status.uid === 0 ? 0o640 : 0o600
  const mode = status.mode & 0o777
  if ((mode & 0o077 & ~allowed) === 0) return []
  return [
    `PGSSLKEY is ${show(path)}; its permissions are ${mode.toString(8)}, so others can read the key, and ` +
      `psql and pg_dump refuse it. Run: chmod 600 ${path}`,
  ]
}

type TlsConfig = Pick<
  Connection,
  'ssl' | 'root_certificate_file' | 'client_certificate_file' | 'client_key_file'
>

const isSslMode = (text: string): text is SslMode => SSL_MODES.some((mode) => mode === text)
