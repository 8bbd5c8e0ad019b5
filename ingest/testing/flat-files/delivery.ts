import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { inject } from 'vitest'
import type { Database } from '../../../helpers/postgres/database.ts'
import type { JobName, JobReport } from '../../contract/job.ts'
import type { Provider } from '../../contract/provider.ts'
import { jobsInOrder } from '../../jobs.ts'
import { type IngestOptions, ingest } from '../../pipeline/run.ts'
import { flatFiles } from '../../providers/flat-files/index.ts'
import { readUniverse } from '../../universe/read.ts'

/**
 * Writes files (path in the delivery → text or bytes) into a new folder and returns its path. The folder is
 * removed when the tests end.
 */
export async function writeDelivery(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const root = await mkdtemp(join(inject('testDirectory'), 'delivery-'))
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
  return root
}

/**
 * A delivery of invented securities: `first` was renamed, its old ticker went to `second`, and `third` is
 * delisted.
 */
export const SMALL_DELIVERY = {
  'universe.csv': 'source_id,ticker\nx:first,NEW\nx:second,OLD\nx:third,GONE\n',
  'securities/securities.csv':
    'source_id,ticker,name,exchange_mic,type,currency,cik,list_date,delist_date\n' +
    'x:first,NEW,"First, Inc.",XNYS,stock,USD,1,2010-01-04,\n' +
    'x:second,OLD,Second plc,XNAS,stock,USD,0000000002,2020-03-02,\n' +
    'x:third,GONE,,,,USD,,2015-01-02,2020-01-31\n',
  'ticker_history/ticker_history.csv':
    'source_id,ticker,valid_from,valid_to,exchange_mic\n' +
    'x:first,OLD,2010-01-04,2020-01-31,XNYS\n' +
    'x:first,NEW,2020-02-01,,XNYS\n' +
    'x:second,OLD,2020-03-02,,XNAS\n' +
    'x:third,GONE,2015-01-02,2020-01-31,\n',
  'prices_daily/prices.csv':
    'source_id,date,open,high,low,close,volume\n' +
    'x:first,2020-01-31,10,11,9,10.50,1000\n' +
    'x:first,2020-02-03,5,5.5,4.5,5.3,1100\n' +
    'x:second,2020-03-02,20,22,19.5,21,500\n' +
    'x:third,2020-01-30,,,,1.25,\n',
  'splits/splits.csv': 'source_id,ex_date,split_from,split_to\nx:first,2020-02-03,1,2\n',
  'dividends/dividends.csv':
    'source_id,ex_date,amount,currency\nx:first,2020-01-31,0.06,USD\n' +
    'x:first,2020-01-31,0.06,USD\nx:first,2020-01-31,0.060,USD\n',
  'delistings/delistings.csv': 'source_id,date,kind\nx:third,2020-01-31,delisted\n',
  'fundamentals/CIK0000000001.csv':
    'cik,taxonomy,tag,unit,start,end,value,accession,form,fiscal_year,fiscal_period,filed,frame\n' +
    '1,us-gaap,Assets,USD,,2019-12-31,1000,a-1,10-K,2019,FY,2020-02-20,\n' +
    '1,us-gaap,Revenues,USD,2019-01-01,2019-12-31,5e2,a-1,10-K,2019,FY,2020-02-20,\n',
} as const

export const SOURCED = [
  'securities',
  'ticker-history',
  'prices-daily',
  'corporate-actions',
  'fundamentals-raw',
] as const

type Rest = Partial<Omit<IngestOptions, 'connection' | 'jobs'>> & {
  readonly jobs?: readonly JobName[]
  /** True: files whose hashes are those of the last complete run are not read. */
  readonly is_hashed?: boolean
}

const withoutHashes = ({ inputFiles: _, ...provider }: Provider): Provider => provider

/**
 * Ingests a delivery with its own universe. Defaults: the sourced jobs, a wide window and wide thresholds.
 */
export async function ingestDelivery(
  connection: IngestOptions['connection'],
  root: string,
  { jobs = SOURCED, is_hashed = false, ...rest }: Rest = {},
) {
  const report = await ingest({
    connection,
    jobs: jobsInOrder(jobs),
    universe: await readUniverse(join(root, 'universe.csv')),
    window: { start_date: '1990-01-01', end_date: '2029-12-31' },
    // Without hashes every run reads all files, so that tests of reading need no option.
    providers: [is_hashed ? flatFiles(root) : withoutHashes(flatFiles(root))],
    source: `flat-files:${root}`,
    thresholds: {
      reject_max_ratio: 0.001,
      failed_max_ratio: 1,
      not_found_max_ratio: Object.fromEntries(SOURCED.map((job) => [job, 1])),
    },
    ...rest,
  })
  const job = (name: JobReport['job']): JobReport => {
    const found = report.jobs.find((each) => each.job === name)
    if (found === undefined) throw new Error(`The run has no job ${name}.`)
    return found
  }
  return { ...report, job }
}

const TABLES = ['securities', 'ticker_history', 'prices_daily', 'corporate_actions', 'fundamentals_raw']

/**
 * The rows of the core tables as text, in the order of all their columns: equal exactly when the content is.
 */
export async function contentOf(db: Database): Promise<Record<string, string[]>> {
  const content: Record<string, string[]> = {}
  for (const table of TABLES) {
    const rows = await db.rows<{ row: string }>(
      `select t::text as row from stocks_research.${table} t order by t::text collate "C"`,
    )
    content[table] = rows.map(({ row }) => row)
  }
  return content
}

/** `rows_read` went somewhere: outside, rejected, withheld or staged; and what was staged was merged. */
export const isAccounted = (job: JobReport): boolean =>
  job.rows_read === job.rows_skipped + job.rows_rejected + job.rows_withheld + job.rows_staged &&
  job.rows_staged === job.rows_inserted + job.rows_updated + job.rows_unchanged
