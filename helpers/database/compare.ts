import type { Fingerprint, SequenceFingerprint, TableFingerprint, ViewFingerprint } from './fingerprint.ts'

export interface Difference {
  readonly kind: 'table' | 'view' | 'sequence' | 'schema' | 'constraint'
  readonly name: string
  /** What differs, in a sentence. */
  readonly detail: string
  /**
   * For a table: the runs of keys that hold the difference, first exclusive, last inclusive; "…" is the end
   * of the table.
   */
  readonly key_ranges?: readonly { readonly after: string; readonly up_to: string }[]
}

/** What a table holds, by hash. */
export type TableContent = Pick<TableFingerprint, 'rows' | 'sha256' | 'segments'>
type TableContents = Readonly<Record<string, TableContent>>

/** Every way in which `found` is not `expected`; empty when they are equal. Content and schema both count. */
export function compareFingerprints(expected: Fingerprint, found: Fingerprint): Difference[] {
  return [
    ...compareTables(expected.tables, found.tables),
    ...compareViews(expected.views, found.views),
    ...compareSequences(expected.sequences, found.sequences),
    ...compareObjects(expected.objects, found.objects),
    ...found.unvalidated_constraints
      .filter((name) => !expected.unvalidated_constraints.includes(name))
      .map((name): Difference => ({ kind: 'constraint', name, detail: 'is not validated' })),
  ]
}

/** The first differences as one line for an error message. */
export const describeDifferences = (differences: readonly Difference[], most = 5): string =>
  differences
    .slice(0, most)
    .map(({ kind, name, detail }) => `${kind} ${name}: ${detail}`)
    .join('; ') + (differences.length > most ? `; and ${differences.length - most} more` : '')

function* pairs<T>(
  expected: Readonly<Record<string, T>>,
  found: Readonly<Record<string, T>>,
): Generator<[string, T | undefined, T | undefined]> {
  for (const name of new Set([...Object.keys(expected), ...Object.keys(found)]))
    yield [name, expected[name], found[name]]
}

/**
 * The part of `compareFingerprints` that looks at rows. Of a table, `rows`, `sha256` and `segments` count.
 */
export function compareTables(expected: TableContents, found: TableContents): Difference[] {
  const differences: Difference[] = []
  for (const [name, a, b] of pairs(expected, found)) {
    if (a === undefined)
      differences.push({
        kind: 'table',
        name,
        detail: `is there (${b?.rows ?? 0} rows), but was not expected`,
      })
    else if (b === undefined)
      differences.push({ kind: 'table', name, detail: `is missing; ${a.rows} rows were expected` })
    else if (a.sha256 !== b.sha256 || a.rows !== b.rows) {
      const key_ranges = differingRanges(a, b)
      const where =
        key_ranges[0] === undefined
          ? ''
          : `; the first difference is after key "${showKey(key_ranges[0].after)}", up to ` +
            `"${showKey(key_ranges[0].up_to)}"`
      const rows =
        a.rows === b.rows ? `${a.rows} rows, but not the same ones` : `${b.rows} rows instead of ${a.rows}`
      differences.push({ kind: 'table', name, detail: `${rows}${where}`, key_ranges })
    }
  }
  return differences
}

/**
 * Runs of `a` that `b` does not have, and those of `b` that `a` does not have, neighbours joined. Bounds are
 * keys that both know.
 */
function differingRanges(a: TableContent, b: TableContent): { after: string; up_to: string }[] {
  const shared = new Set(a.segments.map(({ last_key }) => last_key)).intersection(
    new Set(b.segments.map(({ last_key }) => last_key)),
  )
  const hashesBetween = (table: TableContent): Map<string, string> => {
    const between = new Map<string, string>()
    let hashes = ''
    for (const { last_key, sha256 } of table.segments) {
      hashes += sha256
      if (!shared.has(last_key)) continue
      between.set(last_key, hashes)
      hashes = ''
    }
    if (hashes !== '') between.set('…', hashes)
    return between
  }
  const left = hashesBetween(a)
  const right = hashesBetween(b)
  const bounds = a.segments.map(({ last_key }) => last_key).filter((key) => shared.has(key))
  if (bounds.at(-1) !== '…') bounds.push('…')
  const ranges: { after: string; up_to: string }[] = []
  let after = ''
  for (const up_to of bounds) {
    if (left.get(up_to) !== right.get(up_to)) {
      const last = ranges.at(-1)
      if (last !== undefined && last.up_to === after) ranges[ranges.length - 1] = { after: last.after, up_to }
      else ranges.push({ after, up_to })
    }
    after = up_to
  }
  return ranges
}

function compareViews(expected: Fingerprint['views'], found: Fingerprint['views']): Difference[] {
  const differences: Difference[] = []
  for (const [name, a, b] of pairs<ViewFingerprint>(expected, found)) {
    if (a === undefined || b === undefined)
      differences.push({ kind: 'view', name, detail: a === undefined ? 'was not expected' : 'is missing' })
    else if (a.definition_sha256 !== b.definition_sha256)
      differences.push({ kind: 'view', name, detail: 'has another definition' })
    else if (
      a.rows_hash !== null &&
      b.rows_hash !== null &&
      (a.rows_hash !== b.rows_hash || a.rows !== b.rows)
    )
      differences.push({
        kind: 'view',
        name,
        detail: `returns ${b.rows} rows instead of ${a.rows}, or not the same ones`,
      })
  }
  return differences
}

function compareSequences(expected: Fingerprint['sequences'], found: Fingerprint['sequences']): Difference[] {
  const differences: Difference[] = []
  for (const [name, a, b] of pairs<SequenceFingerprint>(expected, found)) {
    if (a === undefined || b === undefined)
      differences.push({
        kind: 'sequence',
        name,
        detail: a === undefined ? 'was not expected' : 'is missing',
      })
    else if (!isWithin(a, b))
      differences.push({
        kind: 'sequence',
        name,
        detail:
          `is at ${b.last_value} (${b.is_called ? 'called' : 'not called'}) instead of ` +
          `${a.last_value} (${a.is_called ? 'called' : 'not called'})`,
      })
  }
  return differences
}

/** Equal; or, when it moved during the dump, anywhere on its way, upwards or downwards. */
function isWithin(a: SequenceFingerprint, b: SequenceFingerprint): boolean {
  if (a.last_value_after === undefined) return a.last_value === b.last_value && a.is_called === b.is_called
  const from = BigInt(a.last_value)
  const to = BigInt(a.last_value_after)
  const at = BigInt(b.last_value)
  return from <= to ? at >= from && at <= to : at >= to && at <= from
}

function objectDifference(expected: string | undefined, found: string | undefined): string {
  if (expected === undefined) return 'was not expected'
  return found === undefined ? 'is missing' : 'has another definition'
}

function compareObjects(expected: Fingerprint['objects'], found: Fingerprint['objects']): Difference[] {
  const differences: Difference[] = []
  for (const [name, a, b] of pairs(expected, found)) {
    if (a !== b)
      differences.push({
        kind: 'schema',
        name,
        detail: objectDifference(a, b),
      })
  }
  return differences
}

/** One end of a key range, for people. */
export function showKey(key: string): string {
  if (key === '') return 'the start of the table'
  return key === '…' ? 'its end' : key.replaceAll('\t', ', ')
}
