import { readFileSync } from 'node:fs'
import { type ConnectionOptions, getCACertificates } from 'node:tls'
import type { Connection } from '../config/connection.ts'
import { ConfigError, messageOf } from '../core/errors.ts'

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

function read(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError([`${variable} is ${file}; it cannot be read: ${messageOf(error)}`])
  }
}
