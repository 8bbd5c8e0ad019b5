import { hostname } from 'node:os'
import { join } from 'node:path'
import { redact } from '../../helpers/core/redact.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { allowanceOf, type Limit, type Spending, waitMs } from './budget.ts'
import type { Outcome } from './outcome.ts'

const SQL = join(import.meta.dirname, 'sql')
const SETTLE_REQUEST = queryFile(SQL, 'settle-request')
const PAUSE_ACCOUNT = queryFile(SQL, 'pause-account')
const RUN_OF_PROCESS = queryFile(SQL, 'run-of-process')

/**
 * One request as the ledger knows it. `url` is without secrets already; it is redacted once more on its way
 * in.
 */
export interface LedgerEntry {
  readonly provider: string
  readonly account: string
  readonly limits: readonly Limit[]
  readonly method: string
  readonly url: string
  readonly fingerprint: string
  readonly attempt: number
  readonly cost: number
}
export interface Settlement {
  readonly outcome: Outcome | 'cancelled'
  readonly reason: string
  readonly http_status?: number | undefined
  readonly body_bytes?: number | undefined
  readonly archive_sha256?: string | undefined
  /** How long ago it was handed to the network, and how long the head of the answer took. */
  readonly sent: { readonly ago_ms: number; readonly latency_ms: number }
}
/** `start_in_ms`: the request may go out then, not before. `wait_ms`: nothing was taken; ask again then. */
export type Slot =
  | { readonly request_id: string; readonly start_in_ms: number }
  | { readonly wait_ms: number; readonly because: string; readonly is_quota: boolean }

/** Where budgets are kept and requests are written down. */
export interface Ledger {
  /** A slot for one request, now; or how long to wait. */
  take(entry: LedgerEntry): Promise<Slot>
  /** Writes what became of it. */
  settle(request_id: string, settlement: Settlement): Promise<void>
  /** Nobody of this account asks before `until_ms` (Unix milliseconds). */
  pause(
    provider: string,
    account: string,
    pause: { is_quota: boolean; reason: string; until_ms: number },
  ): Promise<void>
}

/**
 * The ledger in PostgreSQL (`ingestion.requests`, `budgets`, `pauses`): shared by processes, outlives them.
 *
 * `run`: the run that its requests belong to; `current` is the one that this process has under way when it
 * first asks, null says that they belong to none.
 */
export function openLedger(db: Database, run: string | 'current' | null): Ledger {
  const process_name = `${hostname()}:${process.pid}`
  let current: Promise<string | null> | undefined
  const runId = (): Promise<string | null> => {
    current ??= run === 'current' ? runOfThisProcess(db) : Promise.resolve(run)
    return current
  }
  return {
    async take(entry) {
      const limits = entry.limits.map((limit) => ({ ...limit, ...allowanceOf(limit) }))
      const row = await db.one<{
        request_id: string | null
        start_in_ms: string | null
        wait_ms: string
        because: string | null
        because_class: string | null
      }>('select * from ingestion.take_slot($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)', [
        entry.provider,
        entry.account,
        JSON.stringify(limits),
        await runId(),
        entry.method,
        redact(entry.url),
        entry.fingerprint,
        entry.attempt,
        entry.cost,
        process_name,
      ])
      if (row.request_id !== null) return { request_id: row.request_id, start_in_ms: Number(row.start_in_ms) }
      return {
        wait_ms: Number(row.wait_ms),
        because: row.because ?? 'a limit',
        is_quota: row.because_class === 'quota',
      }
    },
    async settle(request_id, { outcome, reason, http_status, body_bytes, archive_sha256, sent }) {
      await db.rows(SETTLE_REQUEST, [
        request_id,
        outcome,
        redact(reason),
        http_status ?? null,
        body_bytes ?? null,
        archive_sha256 ?? null,
        sent.ago_ms,
        sent.latency_ms,
      ])
    },
    async pause(provider, account, { is_quota, reason, until_ms }) {
      await db.rows(PAUSE_ACCOUNT, [
        provider,
        account,
        until_ms,
        is_quota ? 'quota' : 'throttled',
        redact(reason),
      ])
    },
  }
}

/**
 * A ledger of this process alone, for the checks that run before there is a database. Keeps what it was given
 * in `entries`.
 */
export function memoryLedger(): Ledger & { readonly entries: readonly MemoryEntry[] } {
  const entries: MemoryEntry[] = []
  const pauses = new Map<string, { is_quota: boolean; reason: string; until_ms: number }>()
  const nameOf = (provider: string, account: string): string => `${provider} ${account}`
  return {
    entries,
    async take({ provider, account, limits, ...entry }) {
      const now_ms = Date.now()
      const pause = pauses.get(nameOf(provider, account))
      if (pause !== undefined && pause.until_ms > now_ms)
        return { wait_ms: pause.until_ms - now_ms, because: pause.reason, is_quota: pause.is_quota }
      const own = entries.filter((each) => each.provider === provider && each.account === account)
      const wait_ms = waitMs(limits, own, now_ms)
      if (wait_ms > 0) return { wait_ms, because: 'a limit', is_quota: false }
      entries.push({ provider, account, ...entry, started_ms: now_ms, settlement: undefined })
      return { request_id: String(entries.length - 1), start_in_ms: 0 }
    },
    async settle(request_id, settlement) {
      const entry = entries[Number(request_id)]
      if (entry === undefined) return
      const { ago_ms, latency_ms } = settlement.sent
      Object.assign(entry, { sent: { at_ms: Date.now() - ago_ms, latency_ms }, settlement })
    },
    async pause(provider, account, pause) {
      pauses.set(nameOf(provider, account), pause)
    },
  }
}
export interface MemoryEntry extends Spending, Omit<LedgerEntry, 'limits'> {
  readonly settlement: Settlement | undefined
}

async function runOfThisProcess(db: Database): Promise<string | null> {
  const [row] = await db.rows<{ run_id: string }>(RUN_OF_PROCESS, [hostname(), process.pid])
  return row?.run_id ?? null
}
