import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { pino } from 'pino'
import { redact } from './redact.ts'

/**
 * A structured log: one JSON object a line, every string redacted. `expected: true` marks a warning that a
 * run is allowed.
 */
export type Log = pino.Logger

/** Appends to `file` synchronously, so that a killed process leaves every line that it wrote. */
export function openLog(file: string, bindings: Record<string, unknown> = {}): Log {
  mkdirSync(dirname(file), { recursive: true })
  const destination = pino.destination({ dest: file, sync: true, append: true })
  const sink = { write: (line: string) => void destination.write(redact(line)) }
  return pino(
    {
      base: bindings,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    sink,
  )
}

/** A log that goes nowhere, for tests of what does not log. */
export const silentLog = (): Log => pino({ level: 'silent' })
