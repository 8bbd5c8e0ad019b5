import type { Log } from '../../helpers/core/log.ts'
import type { Archive } from '../archive/archive.ts'
import type { classify } from './frame.ts'
import type { Ledger } from './ledger.ts'
import type { HttpProfile, HttpRequest } from './profile.ts'

/** What a client of one provider is opened with. */
export interface ClientOptions {
  readonly ledger: Ledger
  readonly archive: Archive
  readonly log: Log
  /** `replay`: every answer comes from the archive, none from the network. */
  readonly mode: 'live' | 'replay'
  /**
   * Live: an archived answer fetched at this instant (ISO 8601) or later is as good as a new one. Left out:
   * always ask.
   */
  readonly reuse_since_at?: string
  /** Loopback origins by the official ones that they stand in for; for the rehearsal alone. */
  readonly stand_ins?: Readonly<Record<string, string>>
  readonly attempts_max?: number
  /** A wait longer than this is not waited for: it becomes an error that names the time. */
  readonly wait_max_ms?: number
  /**
   * Above 1 in a rehearsal alone: so many times more requests are allowed, and so many times shorter are the
   * waits of our own.
   */
  readonly haste?: number
  /** Called before each request that will really be sent; throws to forbid it (`--max-requests`). */
  readonly permit?: () => void
}

/** What the classifier must know of a request. */
export const classifierOf = (
  { patterns = [] }: HttpProfile,
  { expects, shape }: HttpRequest,
): Parameters<typeof classify>[1] => ({
  patterns,
  expects,
  ...(shape === undefined ? {} : { shape }),
})
