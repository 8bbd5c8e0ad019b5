import type { Dataset, RejectKind, SourcedJob, SourceRecord } from '../contract/job.ts'
import type { Page, Subject, SubjectEnd } from '../contract/provider.ts'

/** What a batch has seen of one of its items. */
export interface ItemTally {
  readonly item: string
  /** Position in the batch, from 0: the items of a group are a range of it. */
  readonly item_no: number
  rows: number
  /** Of the rows, those that say what another one says already: a page may be told twice. */
  copies: number
  outside: number
  rejected: number
  /** Of the rejected ones, those that are another company's. */
  foreign: number
  /** Of the rejected ones, the days on which the exchange was closed. */
  readonly off_session_dates: string[]
  readonly files: Set<string>
  end: SubjectEnd | undefined
}

/** What a batch has seen of one file or response. */
export interface FileTally {
  readonly file: string
  readonly file_no: number
  readonly archive_sha256: string
  read: number
  malformed: number
  readonly items: Set<string>
}

export interface Reject {
  readonly item: string | null
  readonly kind: RejectKind
  readonly reason: string
  readonly file: string
  readonly line: number | null
  readonly record: SourceRecord
}

/** Rejects of one batch that are listed one by one; beyond it they are counted, and the log says so. */
export const REJECTS_LISTED_MAX = 100_000

/** Counts one batch while it is read. */
export class Tally {
  readonly items: ReadonlyMap<string, ItemTally>
  readonly files = new Map<string, FileTally>()
  readonly rejects: Reject[] = []
  /** All that were rejected though they may be of a security of ours, where the job asks for them. */
  readonly refused: Reject[] = []
  rows_read = 0
  rows_skipped = 0
  rows_rejected = 0
  rows_copied = 0
  read_bytes = 0

  readonly #keeps_refused: boolean

  constructor(subjects: readonly Subject[], keeps_refused: boolean) {
    this.#keeps_refused = keeps_refused
    this.items = new Map(
      subjects.map(({ item }, item_no) => [
        item,
        {
          item,
          item_no,
          rows: 0,
          copies: 0,
          outside: 0,
          rejected: 0,
          foreign: 0,
          off_session_dates: [],
          files: new Set(),
          end: undefined,
        },
      ]),
    )
  }

  file({ file, archive_sha256 }: Page): FileTally {
    const known = this.files.get(file)
    if (known !== undefined) return known
    const tally = {
      file,
      file_no: this.files.size,
      archive_sha256,
      read: 0,
      malformed: 0,
      items: new Set<string>(),
    }
    this.files.set(file, tally)
    return tally
  }

  reject(reject: Reject): void {
    this.rows_rejected += 1
    const item = reject.item === null ? undefined : this.items.get(reject.item)
    if (item !== undefined) {
      item.rejected += 1
      if (reject.kind === 'foreign') item.foreign += 1
    }
    if (this.#keeps_refused && reject.kind !== 'foreign') this.refused.push(reject)
    if (this.rejects.length < REJECTS_LISTED_MAX) this.rejects.push(reject)
  }

  /**
   * An end of its own, from the provider or from the pipeline. A failure outweighs the others; the first one
   * is kept.
   */
  end(end: SubjectEnd): void {
    const item = this.items.get(end.item)
    if (item === undefined) return
    if (item.end === undefined || (end.status === 'failed' && item.end.status !== 'failed')) item.end = end
  }
}

/**
 * Fails the items of every file with too many malformed records, and the items without any row: theirs may be
 * among the malformed ones. Nothing of such a file is merged.
 */
export function failMalformedFiles(tally: Tally, reject_max_ratio: number): void {
  for (const file of tally.files.values()) {
    if (file.malformed === 0 || file.malformed / file.read <= reject_max_ratio) continue
    const share = ((100 * file.malformed) / file.read).toPrecision(3)
    const reason = `${file.file} is refused: ${file.malformed} of its ${file.read} records (${share} %) are malformed, more than ${100 * reject_max_ratio} %. See ingestion.rejects.`
    for (const { item, rows } of tally.items.values()) {
      if (rows === 0 || file.items.has(item))
        tally.end({ item, status: 'failed', error_class: 'malformed', reason })
    }
  }
}

const NOUNS: Readonly<Record<Dataset, string>> = {
  securities: 'record',
  ticker_history: 'ticker interval',
  prices_daily: 'daily bar',
  corporate_actions: 'corporate action',
  fundamentals: 'fact',
}

/** How an item without a failure ended. */
export function endWithoutRows(
  job: SourcedJob,
  { item, outside, rejected, foreign, end }: ItemTally,
): SubjectEnd {
  if (rejected > foreign) {
    const reason = `None of its records was taken: ${rejected} were rejected. See ingestion.rejects.`
    return { item, status: 'failed', error_class: 'malformed', reason }
  }
  if (outside > 0) return { item, status: 'empty', reason: 'It has records, but none in the window.' }
  if (end !== undefined) return end
  if (foreign > 0)
    return {
      item,
      status: 'not_found',
      reason: `All of its ${foreign} records are another company's. See ingestion.rejects.`,
    }
  if (job.without_records === 'empty') return { item, status: 'empty', reason: 'The source has none.' }
  return { item, status: 'not_found', reason: `The source has no ${NOUNS[job.dataset]} of it.` }
}
