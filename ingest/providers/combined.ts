import type { SourceRecord } from '../contract/job.ts'
import type { Ask, Batch, LocatedRecord, Page, Provider, Subject, SubjectEnd } from '../contract/provider.ts'

const JOIN = '+'
/** The providers behind the name of a combination, as the run record keeps it. */
export const namesOfCombined = (name: string): string[] => name.split(JOIN)

/**
 * Several providers as one, for a dataset that none of them serves whole: of `["sec-edgar",
 * "nasdaq-directory"]` the first knows filers and the second exchanges.
 *
 * Securities are filled up field by field, in the order of the parts; where two parts contradict each other
 * in a field that says who it is (cik, FIGI), the subject fails as a conflict. Corporate actions are put side
 * by side: each keeps its own events. For every other dataset two sources would be two truths, so it is
 * refused.
 */
export function combined(parts: readonly Provider[]): Provider {
  const [first, ...others] = parts
  if (first === undefined) throw new TypeError('A combination needs a part.')
  const shared = first.datasets.filter((dataset) =>
    others.every(({ datasets }) => datasets.includes(dataset)),
  )
  const concurrency = Math.min(...parts.map((part) => part.concurrency ?? 1))
  return {
    name: parts.map(({ name }) => name).join(JOIN),
    datasets: shared.filter((dataset) => dataset === 'securities' || dataset === 'corporate_actions'),
    concurrency,
    async batches(ask) {
      if (ask.subjects.length === 0) return []
      const each = await Promise.all(parts.map((part) => part.batches(ask)))
      const sum = (pick: (batch: Batch) => number): number =>
        each.flat().reduce((total, batch) => total + pick(batch), 0)
      const label = `${ask.dataset.replaceAll('_', ' ')} from ${parts.map(({ name }) => name).join(' and ')}`
      return [
        {
          label,
          subjects: ask.subjects,
          estimate: { requests: sum((b) => b.estimate.requests), bytes: sum((b) => b.estimate.bytes) },
        },
      ]
    },
    read: (ask, batch, signal) =>
      ask.dataset === 'securities'
        ? filledUp(parts, ask, batch, signal)
        : sideBySide(parts, ask, batch, signal),
  }
}

async function* pagesOf(
  part: Provider,
  ask: Ask,
  batch: Batch,
  signal: AbortSignal,
): AsyncGenerator<Page | SubjectEnd> {
  for (const each of await part.batches({ ...ask, subjects: batch.subjects }))
    yield* part.read(ask, each, signal)
}

async function* sideBySide(
  parts: readonly Provider[],
  ask: Ask,
  batch: Batch,
  signal: AbortSignal,
): AsyncGenerator<Page | SubjectEnd> {
  const ends = new Map<string, SubjectEnd[]>()
  const gone = new Set<string>()
  for (const part of parts) {
    const gone_before = new Set(gone)
    for await (const each of pagesOf(part, ask, batch, signal)) {
      if (!('status' in each)) yield withoutEndsOf(gone_before, each, gone)
      else if (each.status === 'failed') yield each
      else ends.set(each.item, [...(ends.get(each.item) ?? []), each])
    }
  }
  // Only what no part knows is not known.
  for (const some of ends.values()) if (some[0] !== undefined && some.length === parts.length) yield some[0]
}

/**
 * A listing ends once: what an earlier part has reported of it, a later one does not report again. Notes in
 * `gone` whose listing ends here.
 */
function withoutEndsOf(gone_before: ReadonlySet<string>, page: Page, gone: Set<string>): Page {
  const records = page.records.filter(({ record, malformed }) => {
    const { source_id, kind } = record
    if (malformed !== undefined || source_id == null || (kind !== 'merger' && kind !== 'delisting'))
      return true
    gone.add(source_id)
    return !gone_before.has(source_id)
  })
  return { ...page, records }
}

interface Gathered {
  readonly page: Page
  readonly line: number
  readonly record: Record<string, string | null>
  conflict?: string
}
/** Fields that say who a security is: here a contradiction is no matter of taste. */
const IDENTIFYING = ['cik', 'figi', 'share_class_figi']

async function* filledUp(
  parts: readonly Provider[],
  ask: Ask,
  batch: Batch,
  signal: AbortSignal,
): AsyncGenerator<Page | SubjectEnd> {
  const gathered = new Map<string, Gathered>()
  const ends = new Map<string, SubjectEnd>()
  for (const part of parts) {
    const subjects = batch.subjects.map((subject) => enriched(subject, gathered.get(subject.item)?.record))
    for await (const each of pagesOf(part, ask, { ...batch, subjects }, signal)) {
      if ('status' in each) ends.set(each.item, ends.get(each.item) ?? each)
      else yield* gather(each, part.name, gathered)
    }
  }
  for (const [item, { page, line, record, conflict }] of gathered) {
    if (conflict !== undefined) yield { item, status: 'failed', error_class: 'conflict', reason: conflict }
    else yield { ...page, records: [{ record, line }], read_bytes: 0 }
  }
  // An ambiguity in one part does not matter when another part knows who it is.
  for (const [item, end] of ends) if (!gathered.has(item)) yield end
}

/**
 * What one part has learned, the next one may use: the filer, the ticker of today, and that it is no longer
 * listed. Then its ticker may be somebody else's today, and must not be looked up. A universe that was
 * written before a rename still has the old ticker.
 */
function enriched(subject: Subject, known: SourceRecord | undefined): Subject {
  if (known === undefined) return subject
  const is_gone = known['is_listed'] === 'false' || known['delist_date'] != null
  const ticker = is_gone ? undefined : (known['ticker'] ?? subject.ticker)
  return { ...subject, cik: subject.cik ?? known['cik'] ?? undefined, ticker }
}

/** Takes the records of a page into `gathered`; passes on, as a page, what cannot be read. */
function* gather(page: Page, part: string, gathered: Map<string, Gathered>): Generator<Page> {
  const broken: LocatedRecord[] = []
  for (const located of page.records) {
    const { source_id } = located.record
    if (located.malformed !== undefined || source_id == null) {
      broken.push(located)
      continue
    }
    const known = gathered.get(source_id)
    if (known === undefined)
      gathered.set(source_id, { page, line: located.line, record: { ...located.record } })
    else fill(known, located.record, part)
  }
  yield { ...page, records: broken }
}

function fill(known: Gathered, record: SourceRecord, part: string): void {
  for (const [field, value] of Object.entries(record)) {
    const own = known.record[field] ?? null
    if (own === null) known.record[field] = value
    else if (value !== null && value !== own && IDENTIFYING.includes(field)) {
      known.conflict = `${part} states ${field} ${value}, another part states ${own}`
    }
  }
}
