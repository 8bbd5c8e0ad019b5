/**
 * The contract between the seven jobs and the pipeline: a job says WHAT; the pipeline alone knows HOW and in
 * which order.
 */

import { type DATASET_NAMES, JOB_NAMES } from '../../helpers/config/bootstrap.ts'

export { JOB_NAMES }
export type JobName = (typeof JOB_NAMES)[number]

/** What a provider can be asked for. */
export type Dataset = (typeof DATASET_NAMES)[number]

/**
 * One record in our field names, as an adapter translated it. Numbers stay the text that the provider wrote;
 * null = not known.
 */
export type SourceRecord = Readonly<Record<string, string | null>>

/**
 * Why a record became no row. `outside`: good, but not asked for (another symbol, another day); counted, not
 * listed.
 */
export type RejectKind = 'malformed' | 'foreign' | 'conflict'

/**
 * A record becomes a row, or is refused with a reason, or was not asked for. Exactly one of the three.
 * `off_session_date`: the day of a bar that is refused since the exchange was closed; many of one item mean
 * that its dates are shifted.
 */
export type Parsed<R> =
  | { readonly row: R; readonly item: string }
  | {
      readonly rejected: string
      readonly kind: RejectKind
      readonly item?: string
      readonly off_session_date?: string
    }
  | { readonly skipped: true; readonly item?: string }

export interface Window {
  /** First and last day, inclusive, YYYY-MM-DD. */
  readonly start_date: string
  readonly end_date: string
}

/** Who is who: answers from `securities` and `ticker_history` as they stand, and from the universe. */
export interface Identity {
  /** The security of a permanent source id; undefined when the universe does not hold it. */
  bySourceId(source_id: string): Holder | undefined
  /** The security that held `ticker` on `date`; undefined when none did. */
  byTicker(ticker: string, date: string): Holder | undefined
  /**
   * True when some security of the universe held `ticker` on some day. Then a record of a day on which none
   * did is another company's.
   */
  knowsTicker(ticker: string): boolean
  /** True when some ticker interval of the security covers the day. */
  isListed(holder: Holder, date: string): boolean
  /** True when the universe holds securities of this filer (ten digits). */
  hasFiler(cik: string): boolean
}
export interface Holder {
  readonly security_id: number
  readonly source_id: string
  /** Last day of listing, as the master has it. */
  readonly delist_date?: string | undefined
}

export interface ParseContext {
  readonly identity: Identity
  readonly window: Window
  /** True when the exchange had a session on the day, by our calendar with its overrides. */
  isSession(date: string): boolean
  /** Name of the adapter, for a `source` column. */
  readonly provider: string
}

/** A table that belongs to no security or filer, and that a job loads whole before its own items. */
export interface SharedTable {
  readonly dataset: Dataset
  readonly table: string
  readonly key: readonly string[]
  readonly values: readonly string[]
  /** Translates one record; pure. */
  parse(record: SourceRecord): { readonly row: JobRow } | { readonly rejected: string }
}

interface JobBase {
  readonly name: JobName
  /** The table it fills, in schema stocks_research. */
  readonly table: string
  /** The jobs whose tables it reads. */
  readonly needs: readonly JobName[]
  /** Columns that say which row is which. Null counts as a value (`unique nulls not distinct`). */
  readonly key: readonly string[]
  /** The other columns that the job owns. */
  readonly values: readonly string[]
  /** What an item is about: a security (its source_id) or a filer (its cik). */
  readonly subject: 'security' | 'filer'
}

/** A job that reads a provider. */
export interface SourcedJob extends JobBase {
  readonly kind: 'sourced'
  readonly dataset: Dataset
  /**
   * True when the window bounds its records: a subject that is not listed in the window is then not asked
   * for, and ends `empty`.
   */
  readonly is_windowed: boolean
  /**
   * The column of its table that says the day of a row: rows of the window that the source no longer has are
   * then named.
   */
  readonly dated_by?: string
  /** What it means when a source that was read to its end holds no record of a subject. */
  readonly without_records: 'not_found' | 'empty'
  /**
   * A key column that counts records of equal key within one file from 1, where `parse` leaves it null.
   * Across files the same count is the same row, so that overlapping deliveries do not double an event.
   */
  readonly counted?: string
  /**
   * True for ticker intervals, days inclusive, which may not overlap: items with overlaps fail. A stored
   * interval that a staged one overlaps is deleted, unless the source states it too.
   */
  readonly holds_intervals?: boolean
  /**
   * The corporate action that a rejected record reports, for `stocks_research.refused_events`; undefined when
   * its security is unknown. `item` is known of a conflict, whose record is a row.
   */
  refusedEvent?(
    record: SourceRecord,
    item: string | null,
    context: ParseContext,
  ):
    | {
        readonly holder: Holder
        readonly ex_date: string | null
        readonly kind: string
        readonly declared_date: string | null
      }
    | undefined
  /** A table beside its own, from the same provider where that serves it. */
  readonly loads_first?: SharedTable
  /**
   * Another table of the same subjects, from the same provider where that serves it. Its rows are merged
   * batch by batch before those of the job, and counted with them. A subject of which they cannot be read
   * fails.
   */
  readonly loads_beside?: SourcedJob
  /** Translates one record; pure. Row values are text or null, one for each column of `key` and `values`. */
  parse(record: SourceRecord, context: ParseContext): Parsed<JobRow>
}

/** A table that a derived job fills after its own, from it. */
export interface FollowingTable extends Pick<JobBase, 'table' | 'key' | 'values'> {
  /** As `DerivedJob.derive`; runs in the transaction in which the rows of the job's own table are merged. */
  readonly derive: string
}

/** A job that derives from our own tables, in SQL. */
export interface DerivedJob extends JobBase {
  readonly kind: 'derived'
  /**
   * A query over our own tables for the items `$1::text[]` as of the day `$2::date` (the end of the window):
   * the columns of `key` and `values`, and `work_item`. Its result is the whole truth for these items: a row
   * that it no longer returns is deleted.
   */
  readonly derive: string
  /** The tables whose rows of the item it reads. An item of which none has changed is not derived again. */
  readonly inputs: readonly string[]
  /**
   * A query of other subjects whose rows of `inputs` an item reads too, from its own as `s.subject`; one
   * column, `subject`.
   */
  readonly also_reads?: string
  /**
   * The functions that hold the rule, by name and types: when their text changes, every item is derived
   * again.
   */
  readonly rules: readonly string[]
  /** Reviewed tables that belong to the rule: when a row changes, every item is derived again. */
  readonly rule_tables?: readonly string[]
  /** What is derived from the table of the job, item by item and with it. */
  readonly followed_by?: FollowingTable
  /** True when the result depends on the end of the window. */
  readonly is_as_of: boolean
}

export type Job = SourcedJob | DerivedJob

/** The table of a job, and the one that follows from it or is loaded beside it. */
export function tablesOf(job: Job): string[] {
  const other = job.kind === 'derived' ? job.followed_by : job.loads_beside
  return other === undefined ? [job.table] : [job.table, other.table]
}

export type JobRow = Readonly<Record<string, string | null>>

/**
 * What one job did in one process. `rows_read = rows_skipped + rows_rejected + rows_withheld + rows_staged`,
 * and `rows_staged = rows_inserted + rows_updated + rows_unchanged`; of records that say the same twice the
 * second is unchanged. A derived job reads nothing: its rows_read is rows_staged. Rows of a following table
 * are counted too.
 */
export interface JobReport {
  readonly job: JobName
  readonly provider: string
  readonly items: Readonly<Record<'ok' | 'empty' | 'not_found' | 'failed' | 'deferred' | 'pending', number>>
  readonly rows_read: number
  readonly rows_skipped: number
  readonly rows_rejected: number
  /** Good rows that were not merged since their item failed, e.g. with its file. */
  readonly rows_withheld: number
  readonly rows_staged: number
  readonly rows_inserted: number
  readonly rows_updated: number
  readonly rows_unchanged: number
  readonly rows_deleted: number
  /**
   * Rows of the window that are in the table and that the source, read to its end, does not have. They are
   * kept, and named in `ingestion.withdrawals`.
   */
  readonly rows_withdrawn: number
  /**
   * Items that were skipped: nothing that their rows are derived or read from has changed. They are among
   * those that are ok, empty or not found.
   */
  readonly items_unchanged: number
  /** The run that last read the files of the skipped items of a job that reads a source. */
  readonly unchanged_since?: string
  /** Records that it rejected and listed in `ingestion.rejects`. They are not in `rows_rejected`. */
  readonly unchanged_rejected_count?: number
  /**
   * Filers that were not requested, since they have filed nothing since that run or a later one requested
   * them. They are among `items_unchanged`.
   */
  readonly not_requested?: {
    readonly items_count: number
    readonly since_run_id: string
    /** The last day of the list of filings that shows it. */
    readonly through_date: string
  }
  /** Why a daily run requested every filer all the same. */
  readonly all_requested_because?: string
  readonly duration_ms: number
  /** Every item that ended as failed, deferred or not_found, by name. */
  readonly gaps: readonly ItemGap[]
}
export interface ItemGap {
  readonly item: string
  readonly status: 'not_found' | 'failed' | 'deferred'
  readonly error_class: string | null
  readonly reason: string
  readonly attempts_count: number
  /** Of a deferred item, when its provider said so: not to be tried before, ISO 8601 UTC. */
  readonly next_try_at?: string | null
}
