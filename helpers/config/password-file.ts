import { readFileSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../core/errors.ts'
import { registerSecret } from '../core/redact.ts'
import type { Environment } from './environment.ts'

/** The fields of a line that say what its password is for. */
export interface PasswordKey {
  /** A name, an address, or the folder of a socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
}

export interface PasswordFile {
  readonly password?: string
  /** Why the file is not used, and what to do. */
  readonly password_file_fault?: string
}

/** Where libpq looks for a socket if no host is given: `localhost` means one of these folders too. */
const SOCKET_FOLDERS = ['/tmp', '/var/run/postgresql', '/run/postgresql']
const OF_OTHERS = 0o077

/**
 * The password of the file that `PGPASSFILE` names, by default `~/.pgpass`, by the rules of libpq: the first
 * line that fits, and none from a file that others can read. One user has one password for all databases of a
 * server; so if no line names the database, that of the maintenance database `postgres` counts.
 */
export function readPasswordFile(env: Environment, key: PasswordKey): PasswordFile {
  const path = pathOf(env)
  const status = path === undefined ? undefined : statusOf(path)
  if (path === undefined || status === undefined) return {}
  const unused = (why: string): PasswordFile => ({
    password_file_fault: `The password file ${path} is not used: ${why}.`,
  })
  if (!status.isFile()) return unused('it is not a plain file')
  if (process.platform !== 'win32' && (status.mode & OF_OTHERS) !== 0)
    return unused(`its group or others have access to it. Run: chmod 600 ${path}`)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    return unused(messageOf(error))
  }
  const password = passwordIn(text, key) ?? passwordIn(text, { ...key, database: 'postgres' })
  if (password === undefined) return {}
  registerSecret('PGPASSFILE', password)
  return { password }
}

function pathOf(env: Environment): string | undefined {
  const given = env['PGPASSFILE']
  if (given !== undefined) return given
  const [folder, ...names] =
    process.platform === 'win32' ? [env['APPDATA'], 'postgresql', 'pgpass.conf'] : [env['HOME'], '.pgpass']
  return folder === undefined ? undefined : join(folder, ...names)
}

const statusOf = (path: string): Stats | undefined => statSync(path, { throwIfNoEntry: false })

/** The password of the first line that fits: `host:port:database:user:password`; `*` fits everything. */
export function passwordIn(text: string, key: PasswordKey): string | undefined {
  const host = SOCKET_FOLDERS.includes(key.host) ? 'localhost' : key.host
  const wanted = [host, String(key.port), key.database, key.user]
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue
    const fields = fieldsOf(line)
    const password = fields[wanted.length]
    if (password === undefined) continue
    const isFor = wanted.every((value, at) => fields[at]?.raw === '*' || fields[at]?.text === value)
    if (isFor) return password.text
  }
  return undefined
}

/** Fields between colons, as they are written and without the backslashes that quote a character. */
function fieldsOf(line: string): { raw: string; text: string }[] {
  const fields = [{ raw: '', text: '' }]
  for (let at = 0; at < line.length; at += 1) {
    const field = fields.at(-1)
    const isQuoted = line[at] === '\\' && at + 1 < line.length
    if (line[at] === ':') fields.push({ raw: '', text: '' })
    else if (field !== undefined) {
      const letter = line[isQuoted ? at + 1 : at] ?? ''
      field.raw += isQuoted ? `\\${letter}` : letter
      field.text += letter
    }
    if (isQuoted) at += 1
  }
  return fields
}
