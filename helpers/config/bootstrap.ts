import { basename } from 'node:path'
import { z } from 'zod'
import { isDay } from '../core/days.ts'
import { messageOf } from '../core/errors.ts'
import { readText } from './environment.ts'

const date = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day, YYYY-MM-DD')
  .refine(isDay, 'is not a day of the calendar from 1800 to 2199')
const ratio = z.number().min(0).max(1)

/** The names of the seven jobs, ordered by what they need. Thresholds and providers are written by them. */
export const JOB_NAMES = [
  'securities',
  'ticker-history',
  'prices-daily',
  'corporate-actions',
  'adjustment-factors',
  'fundamentals-raw',
  'fundamentals-derived',
] as const

/** The datasets that a source delivers, by the names that a delivery of files has for them. */
export const DATASET_NAMES = [
  'securities',
  'ticker_history',
  'prices_daily',
  'corporate_actions',
  'fundamentals',
  'filings',
  'fx_rates',
] as const

const PROVIDER_NAME = /^[a-z][a-z0-9-]*$/

/** The name of a provider, or a list of names that are used together. */
const providerOrCombination = z
  .custom<string | readonly string[]>()
  .superRefine((given: unknown, context) => {
    const fault = combinationFault(given)
    if (fault !== undefined) context.addIssue(fault)
  })

function combinationFault(given: unknown): string | undefined {
  if (typeof given === 'string' && given.includes('+')) {
    const names = JSON.stringify(given.split('+').map((name) => name.trim()))
    return `is ${JSON.stringify(given)}; providers that are used together are a list: ${names}`
  }
  const names: unknown = typeof given === 'string' ? [given] : given
  const isList = Array.isArray(names) && names.length > 0 && new Set(names).size === names.length
  const isNamed = isList && names.every((name) => typeof name === 'string' && PROVIDER_NAME.test(name))
  if (isNamed) return undefined
  return `is ${JSON.stringify(given)}; it must be the name of a provider, or a list of different names`
}

const bootstrapSchema = z.strictObject({
  universe: z.string().min(1),
  start_date: date,
  end_date: date,
  sample: z.strictObject({ securities: z.int().min(1) }),
  /**
   * Datasets that must have rows. Without rows, a dataset that is not listed is not applicable, and one that
   * is listed is a failure.
   */
  required_datasets: z.array(z.enum(DATASET_NAMES).exclude(['filings', 'fx_rates'])).default([]),
  thresholds: z.strictObject({
    /** Share of malformed records above which a file is refused. */
    reject_max_ratio: ratio,
    /** Share of items that may fail before phase 6 does. */
    failed_max_ratio: ratio,
    /**
     * Share of items, by job, for which the source may have nothing; above 0, up to three are always allowed,
     * if they are fewer than half. They are named in the report either way.
     */
    not_found_max_ratio: z.partialRecord(z.enum(JOB_NAMES), ratio),
    /** Least share of (security, session) pairs with a bar, over securities that have bars at all. */
    session_coverage_min_ratio: ratio,
    /**
     * Share of sessions that may lie before the first bar of a security whose listing day no source states.
     */
    listing_unknown_max_ratio: ratio.default(0.15),
    /** Most sessions between the newest bar of all and the end of the window; of `daily` the last session. */
    newest_bar_max_sessions: z.int().min(0).default(3),
    /** The same of the newest bar of each listed security. */
    security_bar_max_sessions: z.int().min(0).default(10),
    /** Share of listed securities that may be older; up to three always may, if they are fewer than half. */
    stale_max_ratio: ratio.default(0.05),
  }),
  daily: z
    .strictObject({
      /**
       * Sessions before the newest bar that the daily run asks for again: what was revised in them is seen.
       */
      overlap_sessions: z.int().min(1),
      /**
       * The daily run requests each filer at least once in so many days, and more often those that have filed
       * something; 0 requests every filer each time.
       */
      filer_request_max_days: z.int().min(0).default(7),
    })
    .default({ overlap_sessions: 10, filer_request_max_days: 7 }),
  /** The name of one of `provider_sets`, for a live run. */
  provider_set: z.string().default('free-keys'),
  /** By name: job → providers by preference; a list within the list is used together. */
  provider_sets: z
    .record(z.string(), z.partialRecord(z.enum(JOB_NAMES), z.array(providerOrCombination).min(1)))
    .default({}),
  /**
   * A second source beside which ours is compared: flat-files:<folder>. BOOTSTRAP_SECOND_SOURCE stands above
   * it.
   */
  second_source: z.string().optional(),
  /** Which backups stay; see `applyRetention`. */
  backups: z
    .strictObject({ keep_count: z.int().min(1), keep_days: z.number().min(0) })
    .default({ keep_count: 7, keep_days: 30 }),
  /** The servers on which a live run may be made, by the identity that initdb gave them. */
  live_system_identifiers: z
    .array(z.string().regex(/^\d+$/, 'must be a system identifier, digits only'))
    .default([]),
  dropbox: z.strictObject({
    folder: z.string().regex(/^(\/[\w .-]+)+$/, 'must be a Dropbox path such as /stocks-research'),
  }),
})
/** `bootstrap.json`: what a run is about. */
export type Bootstrap = z.infer<typeof bootstrapSchema>

/** Reads and checks `bootstrap.json`; its faults are added to `faults`, and undefined is given. */
export function readBootstrap(file: string, faults: string[]): Bootstrap | undefined {
  try {
    const parsed = bootstrapSchema.safeParse(JSON.parse(readText(file)))
    if (parsed.success) return parsed.data
    faults.push(
      ...parsed.error.issues.map(
        (issue) => `${basename(file)}: ${issue.path.join('.') || '(top)'}: ${issue.message}`,
      ),
    )
  } catch (error) {
    faults.push(`${basename(file)} cannot be read (BOOTSTRAP_FILE may name another): ${messageOf(error)}`)
  }
  return undefined
}
