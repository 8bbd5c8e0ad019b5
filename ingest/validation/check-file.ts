import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { JOB_NAMES, type JobName } from '../contract/job.ts'
import type { Check } from './check.ts'

/** A claim is a title: it has to fit into a line of a report. */
export const CLAIM_CHARACTERS_MAX = 90

/** The keys of a header, `-- key: text`. Indented comment lines below one continue its text. */
const KEYS = ['claim', 'severity', 'why', 'accept', 'job', 'needs'] as const
type Key = (typeof KEYS)[number]

/**
 * The checks in the `.sql` files of a folder, in order of name. What is wrong with a file is added to
 * `faults`, with the file and what to do; such a file gives no check.
 */
export function readChecks(folder: string, faults: string[], is_own = false): Check[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.sql'))
  return files.toSorted().flatMap((name) => {
    const file = join(folder, name)
    return parseCheck(file, readFileSync(file, 'utf8'), faults, is_own) ?? []
  })
}

/** The check that the text of a file holds; undefined, and each fault in `faults`, when it cannot be used. */
function parseCheck(file: string, text: string, faults: string[], is_own = false): Check | undefined {
  const found: string[] = []
  const header = headerOf(text, found)
  const query = queryOf(text, found)
  const name = basename(file, '.sql')
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
    found.push('its name must be lower-case words joined by hyphens, such as no-odd-close.sql')

  const { claim = '', severity, accept, job, needs, why } = header
  if (claim === '') found.push('it has no claim; begin it with "-- claim: " and what is true when it passes')
  if (claim.length > CLAIM_CHARACTERS_MAX)
    found.push(`its claim has ${claim.length} characters; shorten it to ${CLAIM_CHARACTERS_MAX}`)
  if (severity !== 'hard' && severity !== 'soft')
    found.push(
      severity === undefined
        ? 'it has no severity; add "-- severity: hard" (blocks) or "-- severity: soft" (a finding to judge)'
        : `its severity is "${severity}"; it must be hard (blocks) or soft (a finding to judge)`,
    )
  if (accept !== undefined && accept !== 'yes')
    found.push(`accept is "${accept}"; write "-- accept: yes", or leave the line out`)
  if (needs !== undefined && needs !== 'second source')
    found.push(`needs is "${needs}"; write "-- needs: second source", or leave the line out`)
  if (job !== undefined && !JOB_NAMES.includes(job as JobName))
    found.push(`its job is "${job}"; it must be one of ${JOB_NAMES.join(', ')}, or left out`)

  faults.push(...found.map((fault) => `${file}: ${fault}`))
  if (found.length > 0 || (severity !== 'hard' && severity !== 'soft')) return undefined
  return {
    name,
    claim,
    severity,
    why,
    job: job as JobName | undefined,
    is_acceptable: severity === 'soft' || accept === 'yes',
    needs_second_source: needs !== undefined,
    query,
    file,
    is_own,
  }
}

/** The keys and texts of the comment that a file begins with. Comment lines without a key are left alone. */
function headerOf(text: string, faults: string[]): Partial<Record<Key, string>> {
  const header: Partial<Record<Key, string>> = {}
  let last: Key | undefined
  for (const line of text.split(/\r?\n/)) {
    if (!line.startsWith('--')) break
    const [, key, value = ''] = /^-- ?([a-z_]+):(.*)$/.exec(line) ?? []
    const continued = /^-- {2,}(\S.*)$/.exec(line)?.[1]
    if (key !== undefined) {
      last = KEYS.find((known) => known === key)
      if (last === undefined)
        faults.push(`its header has the unknown key "${key}"; the keys are ${KEYS.join(', ')}`)
      else if (header[last] !== undefined) faults.push(`its header has ${last} twice; keep one`)
      else header[last] = value.trim()
    } else if (continued !== undefined && last !== undefined) {
      header[last] = `${header[last]} ${continued.trim()}`
    } else last = undefined
  }
  return header
}

/**
 * The query without the semicolon at its end. What can be seen without a database is refused here; the rest
 * PostgreSQL refuses before the first check runs.
 */
function queryOf(text: string, faults: string[]): string {
  const query = text.replace(/;\s*(--[^\n]*\s*)*$/, '')
  const code = query.replace(LITERALS, (literal) => /^"(\w+)"$/.exec(literal)?.[1] ?? ' ')
  const first = /[a-z]+/i.exec(code)?.[0].toLowerCase()
  if (first === undefined) faults.push('it has no query; write one select that returns the violations')
  else if (code.includes(';')) faults.push('it has more than one statement; keep one select')
  else if (!['select', 'with', 'values'].includes(first))
    faults.push(`it begins with "${first}"; a check only reads: write one select that returns the violations`)
  else if (!/\bsubject\b/i.test(code))
    faults.push('it has no column "subject"; name what each violation is about, e.g. s.source_id as subject')
  return query
}

/** Comments, strings, quoted names and dollar quotes: what they contain is not SQL. */
const LITERALS = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$([a-z_]*)\$[\s\S]*?\$\1\$/gi
