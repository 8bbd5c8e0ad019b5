import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'

/**
 * The folder of real market data that a reference test reads.
 *
 * @throws Error when REFERENCE_DATA is not set: a reference test that has no reference has proved nothing.
 */
export function referenceFolder(): string {
  const folder = process.env['REFERENCE_DATA']
  if (folder === undefined || folder === '')
    throw new Error('REFERENCE_DATA names no folder. Set it to the folder of the reference data.')
  return folder
}

/**
 * The rows of a CSV file (plain or `.gz`) below the reference folder; every value is the text in the file.
 */
export function referenceRows(...path: string[]): Record<string, string>[] {
  const bytes = readFileSync(join(referenceFolder(), ...path))
  return parse(path.at(-1)?.endsWith('.gz') ? gunzipSync(bytes) : bytes, { columns: true })
}

/** Prints a figure that a comparison reached, so that a log shows more than "passed". */
export function figure(name: string, value: unknown): void {
  process.stdout.write(`figure: ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}\n`)
}
