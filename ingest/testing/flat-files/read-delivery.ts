import type { Dataset } from '../../contract/job.ts'
import type { LocatedRecord, Subject } from '../../contract/provider.ts'
import { flatFiles } from '../../providers/flat-files/index.ts'
import { writeDelivery } from './delivery.ts'
import type { Files } from './formats.ts'

/** What reading one dataset of a delivery gives, without a database. */
export interface DeliveryRead {
  readonly records: readonly LocatedRecord[]
  readonly files: readonly string[]
  /** Reasons with their class, each once. */
  readonly reasons: readonly string[]
}

/** Securities x:1, x:2, … with these last tickers. */
export const subjectsOf = (tickers: readonly string[]): Subject[] =>
  tickers.map((ticker, at) => ({
    item: `x:${at + 1}`,
    source_id: `x:${at + 1}`,
    cik: String(at + 1).padStart(10, '0'),
    ticker,
    tickers: [],
  }))
const SUBJECTS = subjectsOf(['ONE', 'TWO', 'TWICE', 'TWICE'])

/**
 * Writes a delivery and reads one dataset of it. Faults of the complete delivery are reasons too.
 */
export async function readDelivery(
  files: Files,
  dataset: Dataset = 'prices_daily',
  subjects: readonly Subject[] = SUBJECTS,
): Promise<DeliveryRead> {
  return readFolder(await writeDelivery(files), dataset, subjects)
}

/** Reads one dataset of the delivery in a folder. */
export async function readFolder(
  root: string,
  dataset: Dataset = 'prices_daily',
  subjects: readonly Subject[] = SUBJECTS,
): Promise<DeliveryRead> {
  const provider = flatFiles(root)
  const ask = {
    dataset,
    subjects,
    window: { start_date: '1990-01-01', end_date: '2029-12-31' },
    first_session_date: '1990-01-02',
  }
  const batch = { label: 'all', subjects, estimate: { requests: 0, bytes: 0 } }
  const records: LocatedRecord[] = []
  const read = new Set<string>()
  const reasons = new Set<string>()
  try {
    for await (const page of provider.read(ask, batch, new AbortController().signal)) {
      if ('status' in page) reasons.add(`${page.error_class ?? page.status}: ${page.reason}`)
      else {
        read.add(page.file)
        records.push(...page.records)
      }
    }
  } catch (error) {
    const { error_class, message } = error as { error_class?: string; message: string }
    if (error_class === undefined) throw error
    reasons.add(`${error_class}: ${message}`)
  }
  return { records, files: [...read], reasons: [...reasons] }
}
