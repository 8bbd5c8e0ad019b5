/**
 * How to reach one database. `password` never leaves this object but into a driver or a child's environment.
 */
export interface Connection {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string | undefined
  readonly database: string
  readonly ssl: 'disable' | 'verify-full'
  /** The certificate of the server's authority, where the system does not know it. */
  readonly root_certificate_file?: string
}

/** Names that PostgreSQL takes without quotes and that nobody mistakes for an option, a DSN or a template. */
export const IDENTIFIER = /^[a-z_][a-z0-9_]{0,62}$/
const RESERVED = new Set(['postgres', 'template0', 'template1'])

/** Why `name` may not be the name of a database that we create and drop; undefined when it may. */
export function databaseNameFault(name: string): string | undefined {
  if (!IDENTIFIER.test(name))
    return 'must match ^[a-z_][a-z0-9_]{0,62}$ (lower case letters, digits, underscores)'
  if (RESERVED.has(name)) return 'is one of PostgreSQL\u2019s own databases'
  return undefined
}
