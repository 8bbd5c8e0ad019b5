/**
 * As in libpq. `allow` and `prefer` name no single way: the first connection of a run finds out which one the
 * server takes, and the run keeps it.
 */
export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = (typeof SSL_MODES)[number]

/**
 * How to reach one database. `password` never leaves this object but into a driver or a child's environment.
 */
export interface Connection {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string | undefined
  /** Why the password file (`PGPASSFILE`, `~/.pgpass`) is not used, where there is one. */
  readonly password_file_fault?: string
  readonly database: string
  readonly ssl: SslMode
  /** The certificate of the server's authority, or "system" for the authorities that the system trusts. */
  readonly root_certificate_file?: string
  /** The certificate and key by which we prove who we are. */
  readonly client_certificate_file?: string
  readonly client_key_file?: string
}

/** Names that PostgreSQL takes without quotes and that nobody mistakes for an option, a DSN or a template. */
const IDENTIFIER = /^[a-z_][a-z0-9_]{0,62}$/
const RESERVED = new Set(['postgres', 'template0', 'template1'])

/** Why `name` may not be the name of a database that we create and drop; undefined when it may. */
export function databaseNameFault(name: string): string | undefined {
  if (!IDENTIFIER.test(name))
    return 'must match ^[a-z_][a-z0-9_]{0,62}$ (lower case letters, digits, underscores)'
  if (RESERVED.has(name)) return 'is one of PostgreSQL\u2019s own databases'
  return undefined
}
