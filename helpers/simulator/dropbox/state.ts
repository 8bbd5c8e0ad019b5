import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeAtomicallySync } from '../../core/atomic-file.ts'

export interface StoredFile {
  readonly id: string
  readonly path_display: string
  readonly rev: string
  readonly size: number
  readonly content_hash: string
  readonly client_modified: string
  readonly server_modified: string
  /** File name below `blobs`. */
  readonly blob: string
}
export interface StoredSession {
  readonly created_at_ms: number
  readonly type: 'sequential' | 'concurrent'
  is_closed: boolean
}
export interface AccessToken {
  readonly scopes: readonly string[]
  readonly refresh_token: string
  expires_at_ms: number
  is_revoked: boolean
}
/** The state of the server, without the bytes of files and sessions. It is kept after the process ends. */
export interface State {
  app: { key: string; secret: string }
  account: { account_id: string; name: string; email: string }
  quota_bytes: number
  access_token_lifetime_s: number
  /** `is_pkce`: granted without the secret of the app, and exchanged without it. */
  refresh_tokens: Record<string, { scopes: string[]; is_revoked: boolean; is_pkce?: boolean }>
  access_tokens: Record<string, AccessToken>
  /** By lower-case path: Dropbox folds case. */
  files: Record<string, StoredFile>
  folders: Record<string, { id: string; path_display: string }>
  sessions: Record<string, StoredSession>
  revisions: number
}

/** The scopes that backups need. https://developers.dropbox.com/oauth-guide */
export const SCOPES = [
  'account_info.read',
  'files.content.read',
  'files.content.write',
  'files.metadata.read',
] as const

/** Durable state in a folder: `state.json`, `blobs/`, `sessions/`. */
export class StateStore {
  readonly directory: string
  readonly value: State

  constructor(directory: string) {
    this.directory = directory
    for (const name of ['blobs', 'sessions']) mkdirSync(join(directory, name), { recursive: true })
    const file = join(directory, 'state.json')
    this.value = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as State) : newState()
    this.save()
  }

  save(): void {
    const file = join(this.directory, 'state.json')
    writeAtomicallySync(file, JSON.stringify(this.value, null, 1), { mode: 0o600 })
  }

  blob = (name: string): string => join(this.directory, 'blobs', name)
  session = (id: string): string => join(this.directory, 'sessions', id)

  /** A revision is new with every change, and never comes back. */
  nextRev(): string {
    this.value.revisions += 1
    return `0${this.value.revisions.toString(16).padStart(14, '0')}`
  }

  get usedBytes(): number {
    return Object.values(this.value.files).reduce((sum, { size }) => sum + size, 0)
  }
}

export const randomId = (prefix: string, bytes = 16): string =>
  `${prefix}${randomBytes(bytes).toString('base64url')}`

const newState = (): State => ({
  app: { key: randomId('app', 9), secret: randomId('secret', 12) },
  account: { account_id: randomId('dbid:', 24), name: 'REHEARSAL', email: 'rehearsal@localhost' },
  quota_bytes: 2 ** 41,
  access_token_lifetime_s: 14_400,
  refresh_tokens: { [randomId('refresh', 30)]: { scopes: [...SCOPES], is_revoked: false } },
  access_tokens: {},
  files: {},
  folders: {},
  sessions: {},
  revisions: 0,
})
