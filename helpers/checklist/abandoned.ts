import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { isAlive as isProcess } from '../core/process.ts'
import { Journal, verifyJournal } from './journal.ts'
import { judge } from './judge.ts'
import type { WriteReports } from './record.ts'

/** A journal of another machine without a new line for this long has no process any more. */
const SILENCE_MAX_MS = 60 * 60_000

/**
 * A process that seems to have begun later than the run by less than this is taken for the run's own: a clock
 * that was set forward makes it look younger, and no run may end the journal of a working one.
 */
const CLOCK_STEP_MAX_MS = 60_000

/**
 * Ends the runs whose process died before it could: cuts the line that it left unfinished, writes `run-ended`
 * with the verdict INTERRUPTED, and rewrites the reports. A second call finds nothing. Returns what was done,
 * for the terminal.
 */
export function endAbandonedRuns(runs_directory: string, by_run_id: string, write: WriteReports): string[] {
  if (!existsSync(runs_directory)) return []
  const notes: string[] = []
  for (const run_id of readdirSync(runs_directory).toSorted()) {
    const directory = join(runs_directory, run_id)
    const file = join(directory, 'journal.jsonl')
    if (run_id === by_run_id || !existsSync(file)) continue
    const reading = verifyJournal(file)
    const started = reading.entries[0]
    if (started?.event !== 'run-started' || reading.entries.some((entry) => entry.event === 'run-ended'))
      continue
    if (isAlive(started.pid, started.host, statSync(file).mtimeMs, started.at)) continue
    if (reading.fault !== undefined && !reading.is_torn) {
      notes.push(
        `the journal of run ${run_id} is damaged at line ${reading.fault.line}: ${reading.fault.what}; ` +
          'it is left unchanged',
      )
      continue
    }
    const journal = Journal.recover(file, reading)
    const last_at = reading.entries.at(-1)?.at ?? started.at
    const reasons = [
      `its process died after ${last_at}, before the run ended; run ${by_run_id} found that`,
      ...judge(reading.entries, 'INTERRUPTED').reasons,
    ]
    journal.append({ event: 'run-ended', verdict: 'INTERRUPTED', reasons, noticed_by: by_run_id })
    journal.close()
    write(directory)
    notes.push(`run ${run_id} was interrupted; its reports now show it`)
  }
  return notes
}

function isAlive(pid: number, host: string, written_at_ms: number, started_at: string): boolean {
  if (host !== hostname()) return Date.now() - written_at_ms < SILENCE_MAX_MS
  if (pid === process.pid) return false // Our own number, used again: containers number from one.
  if (!isRunning(pid)) return false
  const age_ms = statOf(pid)?.age_ms
  return age_ms === undefined || Date.now() - age_ms <= Date.parse(started_at) + CLOCK_STEP_MAX_MS
}

/** True while the process does. One that has ended and was not yet collected by its parent does not. */
export function isRunning(pid: number): boolean {
  return isProcess(pid) && statOf(pid)?.state !== 'Z'
}

/** State and age of a process, where the system shows them: another process may have its number by now. */
function statOf(pid: number): { state: string | undefined; age_ms: number } | undefined {
  const TICKS_PER_SECOND = 100 // USER_HZ, the same on every Linux that Node runs on.
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    const uptime_s = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])
    return { state: fields[0], age_ms: (uptime_s - Number(fields[19]) / TICKS_PER_SECOND) * 1000 }
  } catch {
    return undefined
  }
}
