import type { Connection } from '../config/connection.ts'
import type { Database } from './database.ts'

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
