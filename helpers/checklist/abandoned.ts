import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Journal, verifyJournal } from './journal.ts'
import { judge } from './judge.ts'
import type { WriteReports } from './record.ts'

/** A journal of another machine that has been silent for this long has no process any more. */
const SILENCE_MAX_MS = 60 * 60_000

/**
 * Ends the runs whose process died before it could: cuts the line that it left unfinished, writes `run-ended` with the verdict
 * INTERRUPTED, and rewrites the reports. A second call finds nothing. Returns what was done, for the terminal.
 */
export function endAbandonedRuns(runs_directory: string, by_run_id: string, write: WriteReports): string[] {
  if (!existsSync(runs_directory)) return []
  const said: string[] = []
  for (const run_id of readdirSync(runs_directory).toSorted()) {
    const directory = join(runs_directory, run_id)
    const file = join(directory, 'journal.jsonl')
    if (run_id === by_run_id || !existsSync(file)) continue
    const reading = verifyJournal(file)
    const started = reading.entries[0]
    if (started?.event !== 'run-started' || reading.entries.some((entry) => entry.event === 'run-ended')) continue
    if (isAlive(started.pid, started.host, statSync(file).mtimeMs, started.at)) continue
    if (reading.fault !== undefined && !reading.is_torn) {
      said.push(`the journal of run ${run_id} does not hold at line ${reading.fault.line}: ${reading.fault.what}; it is left as it is`)
      continue
    }
    const journal = Journal.recover(file, reading)
    const reasons = ['its process died before the run was over', ...judge(reading.entries).reasons]
    journal.append({ event: 'run-ended', verdict: 'INTERRUPTED', reasons, noticed_by: by_run_id })
    journal.close()
    write(directory)
    said.push(`run ${run_id} was interrupted; its reports say so now`)
  }
  return said
}

function isAlive(pid: number, host: string, written_at_ms: number, started_at: string): boolean {
  if (host !== hostname()) return Date.now() - written_at_ms < SILENCE_MAX_MS
  if (pid === process.pid) return false // Our own number, used again: containers count from one.
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  const age_ms = processAge(pid)
  return age_ms === undefined || Date.now() - age_ms <= Date.parse(started_at) + 2000
}

/** How long the process with this number has lived, where the system tells; a number may belong to a younger process by now. */
function processAge(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    const uptime_s = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])
    const TICKS_PER_SECOND = 100 // USER_HZ, the same on every Linux that Node runs on.
    return (uptime_s - Number(fields[19]) / TICKS_PER_SECOND) * 1000
  } catch {
    return undefined
  }
}
