import type { Log } from '../../helpers/core/log.ts'
import type { JobName, Window } from '../contract/job.ts'
import type { Universe } from '../universe/read.ts'
import type { Writer } from './writer.ts'

/** Shares above which a run is not what it should be; see bootstrap.json. */
export interface Thresholds {
  readonly reject_max_ratio: number
  readonly failed_max_ratio: number
  readonly not_found_max_ratio: Readonly<Record<string, number>>
}

/** Where a run stands, for a progress line. */
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
export interface Surroundings {
  readonly run_id: string
  readonly universe: Universe
  readonly window: Window
  readonly thresholds: Thresholds
  readonly log: Log
  readonly signal: AbortSignal
  readonly write: Writer
  /** Who holds the leases: host and process. */
  readonly owner: string
  /**
   * Rows after which a group of items is closed and committed. A larger one is quicker; a kill loses at most
   * one.
   */
  readonly group_rows_max: number
  /** True: derived jobs derive every item, also those of which nothing has changed. */
  readonly is_full: boolean
  readonly onProgress: (progress: Progress) => void
}
