import { resolve } from 'node:path'
import { type Environment, show } from './environment.ts'
import { isThere } from './is-there.ts'

/** Where rows come from. Only `live` touches the internet. */
export type SourceConfig =
  | { readonly mode: 'rehearsal' }
  | { readonly mode: 'flat-files'; readonly directory: string }
  | { readonly mode: 'live' }
  | { readonly mode: 'replay'; readonly directory: string }

/**
 * As BOOTSTRAP_SOURCE says it, e.g. `flat-files:<folder>`: the ledger keeps it, and a run that goes on reads
 * it again.
 */
export const sourceText = (source: SourceConfig): string =>
  'directory' in source ? `${source.mode}:${source.directory}` : source.mode

/** A delivery that closes, splits and dividends are compared with. */
export interface SecondSource {
  readonly directory: string
}

export function readSource(env: Environment, root: string, faults: string[]): SourceConfig {
  const text = env['BOOTSTRAP_SOURCE'] ?? 'rehearsal'
  const [, mode, path] = /^(flat-files|replay):(.+)$/.exec(text) ?? []
  if (mode !== undefined && path !== undefined) {
    const directory = resolve(root, path)
    if (!isThere('isDirectory', directory))
      faults.push(`BOOTSTRAP_SOURCE is ${show(text)}; no such folder: ${directory}`)
    return { mode: mode as 'flat-files' | 'replay', directory }
  }
  if (text === 'rehearsal' || text === 'live') return { mode: text }
  faults.push(
    `BOOTSTRAP_SOURCE is ${show(text)}; it must be rehearsal, flat-files:<folder>, live or replay:<archive>`,
  )
  return { mode: 'rehearsal' }
}

export function readSecondSource(
  text: string | undefined,
  root: string,
  faults: string[],
): SecondSource | undefined {
  if (text === undefined) return undefined
  const [, path] = /^flat-files:(.+)$/.exec(text) ?? []
  const directory = path === undefined ? undefined : resolve(root, path)
  if (directory !== undefined && isThere('isDirectory', directory)) return { directory }
  const expected = directory === undefined ? 'it must be flat-files:<folder>' : `no such folder: ${directory}`
  faults.push(`BOOTSTRAP_SECOND_SOURCE (second_source in bootstrap.json) is ${show(text)}; ${expected}`)
  return undefined
}

export function readChecksDirectory(
  text: string | undefined,
  root: string,
  faults: string[],
): string | undefined {
  if (text === undefined) return undefined
  const directory = resolve(root, text)
  if (isThere('isDirectory', directory)) return directory
  faults.push(
    `BOOTSTRAP_CHECKS is ${show(text)}; no such folder: ${directory}. It must be a folder of .sql files`,
  )
  return undefined
}
