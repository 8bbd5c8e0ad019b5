import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { FormatError, messageOf } from '../../helpers/core/errors.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import { AD_HOC_CLOSURES, FIRST_DATE, horizon, NO_OVERRIDES, type Overrides, sessions } from './xnys.ts'

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
    // A day that is none by rule, or stands twice, is a typing error: the day that was meant would stay as it
    // is.
    const seen = new Set<string>()
    for (const [list, days] of Object.entries({ closures, early_closes })) {
      for (const [at, { date: day }] of days.entries()) {
        const fault = (message: string): void =>
          context.addIssue({ code: 'custom', path: [list, at, 'date'], message })
        // A closure that the rules have learned since is no fault.
        if (
          !(list === 'closures' && day in AD_HOC_CLOSURES) &&
          (day < FIRST_DATE || sessions(day, day).length === 0)
        )
          fault(`${day} is no session by rule`)
        if (seen.has(day)) fault(`${day} stands twice`)
        seen.add(day)
      }
    }
  })

/** The file for what the exchange announces against its rules. It may be missing. */
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
      `The calendar's overrides in ${file} cannot be used: ${faults}. Correct the file, or remove it.`,
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
  const { text, ...wanted } = wantedSessions(horizon(options.today), options.overrides ?? readOverrides())
  const counts = await tx.one<{ inserted: number; updated: number; deleted: number }>(MERGE, [text])
  return {
    ...wanted,
    rows_inserted: counts.inserted,
    rows_updated: counts.updated,
    rows_deleted: counts.deleted,
  }
}

type Wanted = Pick<CalendarReport, 'sessions' | 'first_date' | 'last_date'> & { readonly text: string }
// Each run of a process asks for the same forty years, and they take a quarter of a second.
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
  }
  known.set(key, wanted)
  return wanted
}

// Sessions beyond the horizon stay: a run for an earlier day must not take the future away from a later one.
const MERGE = `
with wanted as materialized (
  select * from jsonb_to_recordset($1::jsonb) as w (session_date date, is_early_close boolean, open_at timestamptz, close_at timestamptz)
), inserted as (
  insert into stocks_research.trading_sessions (session_date, is_early_close, open_at, close_at)
  select session_date, is_early_close, open_at, close_at from wanted w
  where not exists (select from stocks_research.trading_sessions s where s.session_date = w.session_date)
  returning 1
), updated as (
  update stocks_research.trading_sessions s
  set is_early_close = w.is_early_close, open_at = w.open_at, close_at = w.close_at
  from wanted w
  where s.session_date = w.session_date
    and (s.is_early_close, s.open_at, s.close_at) is distinct from (w.is_early_close, w.open_at, w.close_at)
  returning 1
), deleted as (
  delete from stocks_research.trading_sessions s
  where s.session_date <= (select max(session_date) from wanted) and not exists (select from wanted w where w.session_date = s.session_date)
  returning 1
)
select (select count(*) from inserted)::integer as inserted,
       (select count(*) from updated)::integer as updated,
       (select count(*) from deleted)::integer as deleted`
