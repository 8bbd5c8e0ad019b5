import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeAtomically } from '../core/atomic-file.ts'
import { DAY_MS } from '../core/days.ts'

const sessionSchema = z.strictObject({
  session_id: z.string().min(1),
  path: z.string(),
  bytes: z.int().min(0),
  sha256: z.string(),
  /** Bytes that the server has acknowledged; it may have received more. */
  offset: z.int().min(0),
  started_at: z.iso.datetime(),
})
export type Session = z.infer<typeof sessionSchema>

/**
 * Sessions expire after seven days on the server, and a little earlier here, so that none expires while it is
 * resumed.
 */
const LIFETIME_MS = 6.5 * DAY_MS

/** An upload session that outlives its process: one small file for each (file content, remote path). */
export class SessionFile {
  readonly #directory: string
  readonly #file: string
  readonly #key: Pick<Session, 'path' | 'bytes' | 'sha256'>

  constructor(directory: string, key: Pick<Session, 'path' | 'bytes' | 'sha256'>) {
    this.#directory = directory
    this.#key = key
    this.#file = join(
      directory,
      `${createHash('sha256').update(`${key.path}\n${key.sha256}`).digest('hex').slice(0, 32)}.json`,
    )
  }

  /** The session of exactly this content and path, if it has not expired. */
  async read(): Promise<Session | undefined> {
    try {
      const session = sessionSchema.parse(JSON.parse(await readFile(this.#file, 'utf8')))
      const isOurs =
        session.path === this.#key.path &&
        session.bytes === this.#key.bytes &&
        session.sha256 === this.#key.sha256
      if (
        isOurs &&
        Date.now() - Date.parse(session.started_at) < LIFETIME_MS &&
        session.offset <= session.bytes
      )
        return session
    } catch {} // None, or not readable: a new session is begun.
    return undefined
  }

  async begin(session_id: string): Promise<Session> {
    await mkdir(this.#directory, { recursive: true })
    await sweep(this.#directory)
    const session = { session_id, ...this.#key, offset: 0, started_at: new Date().toISOString() }
    await this.write(session)
    return session
  }

  async write(session: Session): Promise<void> {
    await writeAtomically(this.#file, JSON.stringify(session), { mode: 0o600 })
  }

  remove = (): Promise<void> => rm(this.#file, { force: true })
}

/** Removes expired sessions; they have expired on the server too. */
async function sweep(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const file = join(directory, name)
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > 2 * LIFETIME_MS) await rm(file, { force: true })
  }
}
