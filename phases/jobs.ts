import type { JobName } from '../ingest/contract/job.ts'

/** A job as the checklist names it. */
export interface ListedJob {
  readonly job: JobName
  /** Its name in phase 4. */
  readonly title: string
  /** Its claim in phase 6. */
  readonly ran: string
  /** Of a derived job, the table without which there is nothing to derive. */
  readonly derived_from?: string | undefined
}

/** The seven jobs, in the order of their needs. */
export const LISTED_JOBS: readonly ListedJob[] = [
  {
    job: 'securities',
    title: 'securities master',
    ran: 'the securities master ran over all of the universe',
  },
  {
    job: 'ticker-history',
    title: 'ticker history',
    ran: 'ticker history ran over all of the universe',
  },
  {
    job: 'prices-daily',
    title: 'prices (daily)',
    ran: 'prices ran over all of the universe and the window',
  },
  {
    job: 'corporate-actions',
    title: 'corporate actions',
    ran: 'corporate actions ran over all of the universe',
  },
  {
    job: 'adjustment-factors',
    title: 'adjustment factors',
    ran: 'adjustment factors ran over all of the universe',
    derived_from: 'prices_daily',
  },
  {
    job: 'fundamentals-raw',
    title: 'fundamentals (raw)',
    ran: 'fundamentals ran over every filer of the universe',
  },
  {
    job: 'fundamentals-derived',
    title: 'fundamentals (derived / YoY)',
    ran: 'derived metrics ran over every filer of the universe',
    derived_from: 'fundamentals_raw',
  },
]
