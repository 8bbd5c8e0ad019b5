import type { Log } from '../../helpers/core/log.ts'
import type { JobName, Window } from '../contract/job.ts'
import type { Universe } from '../universe/read.ts'
import type { Writer } from './lock.ts'
import type { UnchangedFilers } from './unchanged-filers.ts'

/** Shares above which a run is not what it should be; see bootstrap.json. */
export interface Thresholds {
  readonly reject_max_ratio: number
  readonly failed_max_ratio: number
  readonly not_found_max_ratio: Readonly<Record<string, number>>
}

/** The progress of a run, for a progress line. */
export interface Progress {
  readonly job: JobName
  readonly label: string
  readonly step: 'read' | 'merge'
  readonly items_done: number
  readonly items_total: number
  readonly rows_read: number
  /** Bytes read of the bytes that the source estimated; 0 where it cannot tell. */
  readonly read_bytes: number
  readonly estimated_bytes: number
}

/** What every step of a run shares. */
export interface RunContext {
  readonly run_id: string
  readonly universe: Universe
  readonly window: Window
  readonly thresholds: Thresholds
  /** Hashes of the calendar and of the migrations: what the database says about how records are read. */
  readonly rules: { readonly calendar: string; readonly migrations: string }
  readonly log: Log
  readonly signal: AbortSignal
  readonly write: Writer
  /** The owner of the leases: host and process. */
  readonly owner: string
  /**
   * Rows after which a group of items is closed and committed. A larger one is quicker; a kill loses at most
   * one.
   */
  readonly group_rows_max: number
  /** True: every file is read and every item derived, also those of which nothing has changed. */
  readonly is_full: boolean
  /** The filers that need not be requested. Asked once, when the first job needs it. */
  readonly unchangedFilers: () => Promise<UnchangedFilers>
  readonly onProgress: (progress: Progress) => void
}

/** Rows of a job, by what became of them; see `JobReport`. */
export interface JobCounts {
  readonly rows_read: number
  readonly rows_skipped: number
  readonly rows_rejected: number
  readonly rows_withheld: number
  readonly rows_staged: number
  readonly rows_inserted: number
  readonly rows_updated: number
  readonly rows_unchanged: number
  readonly rows_deleted: number
  readonly rows_withdrawn: number
  readonly items_unchanged: number
}

export const NO_ROWS: JobCounts = {
  rows_read: 0,
  rows_skipped: 0,
  rows_rejected: 0,
  rows_withheld: 0,
  rows_staged: 0,
  rows_inserted: 0,
  rows_updated: 0,
  rows_unchanged: 0,
  rows_deleted: 0,
  rows_withdrawn: 0,
  items_unchanged: 0,
}

export const addCounts = (a: JobCounts, b: JobCounts): JobCounts =>
  Object.fromEntries(
    Object.entries(a).map(([name, count]) => [name, count + b[name as keyof JobCounts]]),
  ) as unknown as JobCounts
