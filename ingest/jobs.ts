import { adjustmentFactors } from './adjustment-factors.ts'
import { JOB_NAMES, type Job, type JobName } from './contract/job.ts'
import { corporateActions } from './corporate-actions.ts'
import { fundamentalsDerived } from './fundamentals-derived.ts'
import { fundamentalsRaw } from './fundamentals-raw.ts'
import { pricesDaily } from './prices-daily.ts'
import { securities } from './securities.ts'
import { tickerHistory } from './ticker-history.ts'

/** The seven jobs, in the order in which they are listed to people. */
export const JOBS: readonly Job[] = [
  securities,
  tickerHistory,
  pricesDaily,
  corporateActions,
  adjustmentFactors,
  fundamentalsRaw,
  fundamentalsDerived,
]

/** What each job is for, in a line of help. */
export const JOB_TITLES: Readonly<Record<JobName, string>> = {
  securities: 'the securities master',
  'ticker-history': 'which security held which ticker, from day to day',
  'prices-daily': 'daily bars, as traded',
  'corporate-actions': 'dividends, splits, delistings',
  'adjustment-factors': 'derived from prices and actions',
  'fundamentals-raw': 'XBRL facts, every vintage as filed',
  'fundamentals-derived': 'quarters, TTM and YoY, derived from the facts',
}

/** The job of a name. */
export function jobOf(name: JobName, jobs: readonly Job[] = JOBS): Job {
  const job = jobs.find((each) => each.name === name)
  if (job === undefined) throw new TypeError(`There is no job "${name}".`)
  return job
}

/**
 * The jobs of these names (default: all), each after those whose tables it reads; otherwise in the order of
 * the list. A need that is not asked for is not run: its table is taken as it stands.
 */
export function jobsInOrder(names: readonly JobName[] = JOB_NAMES, jobs: readonly Job[] = JOBS): Job[] {
  const ordered: Job[] = []
  const visit = (job: Job, path: readonly JobName[]): void => {
    if (path.includes(job.name))
      throw new TypeError(`Jobs need each other in a circle: ${[...path, job.name].join(' → ')}.`)
    if (ordered.includes(job)) return
    for (const need of job.needs) visit(jobOf(need, jobs), [...path, job.name])
    ordered.push(job)
  }
  for (const job of jobs) visit(job, [])
  return ordered.filter(({ name }) => names.includes(name))
}
