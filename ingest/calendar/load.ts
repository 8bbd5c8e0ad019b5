import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { FormatError, messageOf } from '../../helpers/core/errors.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import {
  AD_HOC_CLOSURES,
  FIRST_DATE,
  horizon,
  NO_OVERRIDES,
  type Overrides,
  type Session,
  sessions,
} from './xnys.ts'

const SQL = join(import.meta.dirname, 'sql')
const date = z.iso.date()
const reason = z.string().min(1)
const overridesSchema = z
  .strictObject({
    closures: z.array(z.strictObject({ date, reason })).default([]),
    early_closes: z
      .array(
        z.strictObject({ date, close: z.string().regex(/^(09:3[1-9]|09:[45]\d|1[0-5]:[0-5]\d)$/), reason }),
      )
      .default([]),
  })
  .superRefine(({ closures, early_closes }, context) => {
    // A day without a session by rule, or one listed twice, is a typing error: the day that was meant would
    // not be overridden.
    const seen = new Set<string>()
    for (const [list, days] of Object.entries({ closures, early_closes })) {
      for (const [at, { date: day }] of days.entries()) {
        const fault = (message: string): void =>
          context.addIssue({ code: 'custom', path: [list, at, 'date'], message })
        // A closure that has been added to the rules since then is not a fault.
        if (
          !(list === 'closures' && day in AD_HOC_CLOSURES) &&
          (day < FIRST_DATE || sessions(day, day).length === 0)
        )
          fault(`${day} is not a session by rule`)
        if (seen.has(day)) fault(`${day} is listed twice`)
        seen.add(day)
      }
    }
  })

/** The file of exceptions to the rules that the exchange announces. It may be missing. */
const OVERRIDES_FILE = join(import.meta.dirname, 'overrides.json')

/** @throws FormatError that names the file and each fault in it. */
export function readOverrides(file = OVERRIDES_FILE): Overrides {
  if (!existsSync(file)) return NO_OVERRIDES
  try {
    return overridesSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    const faults =
      error instanceof z.ZodError
        ? error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; ')
        : messageOf(error)
    throw new FormatError(
      `The calendar overrides in ${file} cannot be used: ${faults}. Fix the file, or remove it.`,
    )
  }
}

export interface CalendarReport {
  readonly sessions: number
  readonly first_date: string
  readonly last_date: string
  readonly rows_inserted: number
  readonly rows_updated: number
  readonly rows_deleted: number
}

/**
 * Makes `trading_sessions` equal to the rules and the overrides, from 1990 to the end of the year two years
 * after `today` (YYYY-MM-DD). Call it in the transaction of a recorded run (`stocks_research.run_id` set). A
 * second call changes nothing.
 */
export async function loadCalendar(
  tx: Database,
  options: { today: string; overrides?: Overrides },
): Promise<CalendarReport> {
  const { text, hash, ...wanted } = wantedSessions(
    horizon(options.today),
    options.overrides ?? readOverrides(),
  )
  // Every run begins here, and nearly always finds what it wants: a hash costs a quarter of the comparison.
  if ((await sessionsHash(tx)) === hash)
    return { ...wanted, rows_inserted: 0, rows_updated: 0, rows_deleted: 0 }
  const counts = await tx.one<{ inserted: number; updated: number; deleted: number }>(
    queryFile(SQL, 'merge-sessions'),
    [text],
  )
  return {
    ...wanted,
    rows_inserted: counts.inserted,
    rows_updated: counts.updated,
    rows_deleted: counts.deleted,
  }
}

/** The hash of the stored sessions, as `hashOf` computes it; null when there are none. */
export async function sessionsHash(db: Database): Promise<string | null> {
  const { hash } = await db.one<{ hash: string | null }>(queryFile(SQL, 'sessions-hash'))
  return hash
}

/** The hash of sessions, as sql/sessions-hash.sql computes it of those that are stored. */
export function hashOf(all: readonly Session[]): string {
  const seconds = (instant: string): number => Date.parse(instant) / 1000
  const lines = all.map(
    ({ session_date, is_early_close, open_at, close_at }) =>
      `${session_date} ${is_early_close ? 't' : 'f'} ${seconds(open_at)} ${seconds(close_at)}`,
  )
  return createHash('md5').update(lines.join('|')).digest('hex')
}

type Wanted = Pick<CalendarReport, 'sessions' | 'first_date' | 'last_date'> & {
  readonly text: string
  readonly hash: string
}
// Each run in a process needs the same forty years, and they take a quarter of a second to compute.
const known = new Map<string, Wanted>()

function wantedSessions(last: string, overrides: Overrides): Wanted {
  const key = JSON.stringify([last, overrides])
  const before = known.get(key)
  if (before !== undefined) return before
  const all = sessions(FIRST_DATE, last, overrides)
  const wanted = {
    sessions: all.length,
    first_date: all[0]?.session_date ?? '',
    last_date: all.at(-1)?.session_date ?? '',
    text: JSON.stringify(all),
    hash: hashOf(all),
  }
  known.set(key, wanted)
  return wanted
}
