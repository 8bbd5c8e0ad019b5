import { readFileSync } from 'node:fs'
import { type ConnectionOptions, getCACertificates } from 'node:tls'
import type { Connection } from '../config/connection.ts'
import { ConfigError, messageOf } from '../core/errors.ts'
import type { Database } from './database.ts'

/** The driver's TLS options for a mode of libpq; false for a connection without encryption. */
export function tlsOptions(connection: Connection): ConnectionOptions | false {
  const { ssl, root_certificate_file: root } = connection
  if (ssl === 'disable' || ssl === 'allow') return false
  const certificate = connection.client_certificate_file
  const key = connection.client_key_file
  const own = {
    ...(certificate !== undefined && { cert: read('PGSSLCERT', certificate) }),
    ...(key !== undefined && { key: read('PGSSLKEY', key) }),
  }
  // Without an authority these two encrypt and check nothing; with one, libpq checks the chain.
  const is_unchecked = (ssl === 'prefer' || ssl === 'require') && (ssl === 'prefer' || root === undefined)
  if (is_unchecked) return { ...own, rejectUnauthorized: false }
  return {
    ...own,
    ...(root === 'system' && { ca: getCACertificates('system') }),
    ...(root !== undefined && root !== 'system' && { ca: read('PGSSLROOTCERT', root) }),
    rejectUnauthorized: true,
    ...(ssl !== 'verify-full' && { checkServerIdentity: () => undefined }),
  }
}

/** How the session of `db` is encrypted and what was checked, for the evidence. */
export async function encryptionText(db: Database, { ssl }: Pick<Connection, 'ssl'>): Promise<string> {
  const [found] = await db.rows<{ is_encrypted: boolean; version: string | null }>(
    'select ssl as is_encrypted, version from pg_stat_ssl where pid = pg_backend_pid()',
  )
  if (found?.is_encrypted !== true) return 'none'
  return `${found.version}, ${CHECKED[ssl]}`
}

const UNCHECKED = "the server's certificate was not checked"
const CHECKED: Readonly<Record<Connection['ssl'], string>> = {
  disable: UNCHECKED,
  allow: UNCHECKED,
  prefer: UNCHECKED,
  require: `${UNCHECKED}, unless PGSSLROOTCERT names an authority`,
  'verify-ca': "the server's certificate was checked, its name was not",
  'verify-full': "the server's certificate and name were checked",
}

function read(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError([`${variable} is ${file}; it cannot be read: ${messageOf(error)}`])
  }
}
