/** What a person reads when a box fails: real failures of the product, by the first line of the assertion. */
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Dataset } from '../../ingest/contract/job.ts'
import { ingestDelivery, SMALL_DELIVERY, writeDelivery } from '../../ingest/testing/flat-files/delivery.ts'
import { readUniverse } from '../../ingest/universe/read.ts'
import { CHECKS } from '../../ingest/validation/checks.ts'
import { examineDelivery } from '../../ingest/validation/examine-delivery.ts'
import { validate } from '../../ingest/validation/validate.ts'
import { expectComplete, expectNoHardViolations } from '../../phases/expectations.ts'
import { missingRequired, whyWithoutRows } from '../../phases/tables.ts'
import { messageOf } from '../core/errors.ts'
import { scratchDatabase } from '../testing/scratch.ts'

const JOBS = ['securities', 'ticker-history', 'prices-daily'] as const
const THRESHOLDS = { reject_max_ratio: 0.001, failed_max_ratio: 0.01, not_found_max_ratio: {} }
/** Yahoo's columns: "Close" is adjusted for splits, beside "Adj Close" for dividends too. */
const ADJUSTED =
  'source_id,Date,Open,High,Low,Close,Adj Close,Volume\nx:first,2020-01-31,10,11,9,10.5,10.1,1000\n'

const failureOf = (assert: () => void): string => {
  try {
    assert()
  } catch (error) {
    return messageOf(error)
  }
  return ''
}

async function scratch() {
  const made = await scratchDatabase({ migrated: true })
  onTestFinished(made.drop)
  return made
}

test('a refused file of a delivery is the first line, with the securities that it fails', async () => {
  const { connection } = await scratch()
  const files = { ...SMALL_DELIVERY, 'prices_daily/prices.csv': ADJUSTED }
  const root = await writeDelivery(files)
  const report = await ingestDelivery(connection, root, { jobs: JOBS, thresholds: THRESHOLDS })
  const [first, ...others] = failureOf(() => expectComplete(report)).split('\n')
  expect(first).toMatch(
    /^prices-daily failed: prices_daily\/prices\.csv .*"Adj Close".* \(x:first, x:second, x:third\)$/,
  )
  expect(others).toEqual([
    '  the run is failed: prices-daily: 3 of 3 items failed, more than failed_max_ratio 0.01',
  ])
})

test('a missing dataset is the first line when it is required, and a reason when it is not', async () => {
  const { connection, db } = await scratch()
  const { 'fundamentals/CIK0000000001.csv': _, ...files } = SMALL_DELIVERY
  const jobs = ['securities', 'fundamentals-raw'] as const
  const root = await writeDelivery(files)
  const not_found_max_ratio = { 'fundamentals-raw': 1 } // One security has no filer.
  const thresholds = { ...THRESHOLDS, not_found_max_ratio }
  const report = await ingestDelivery(connection, root, { jobs, thresholds })
  expect(failureOf(() => expectComplete(report))).toBe('')
  const why = (required: readonly Dataset[]): Promise<string> =>
    whyWithoutRows(db, report.run_id, { job: 'fundamentals-raw' }, required).catch(messageOf)
  expect(await why(['securities', 'prices_daily'])).toBe(
    'no fundamentals-raw: The delivery has no fundamentals/ with a file in it (2 work items)',
  )
  expect(await why(['fundamentals'])).toBe(
    'the required dataset "fundamentals" has no rows: The delivery has no fundamentals/ with a file in it ' +
      '(2 work items). Add it to the source, or remove it from required_datasets in bootstrap.json',
  )

  // Phase 0 reads the delivery before anything is touched, and fails with the same sentence.
  const { members } = await readUniverse(join(root, 'universe.csv'))
  const { checks } = await examineDelivery(root, members, THRESHOLDS)
  const found = checks.map(({ job, rows_count, absent }) => ({ job, rows: rows_count, reason: absent }))
  expect(missingRequired(found, ['securities', 'prices_daily', 'corporate_actions'])).toEqual([])
  expect(missingRequired(found, ['securities', 'fundamentals'])).toEqual([
    'the required dataset "fundamentals" has no rows: The delivery has no fundamentals/ with a file in it. ' +
      'Add it to the source, or remove it from required_datasets in bootstrap.json',
  ])
})

test('a violation of a hard check is the first line, with its check, security and row', async () => {
  const { connection, db } = await scratch()
  await ingestDelivery(connection, await writeDelivery(SMALL_DELIVERY), { jobs: JOBS })
  await db.execute(
    `insert into stocks_research.prices_daily (security_id, trade_date, close)
     select security_id, date '2021-01-02', 1 from stocks_research.securities where source_id = 'x:first'`,
  )
  const checks = CHECKS.filter(({ name }) => name === 'bar-on-session')
  const report = await validate(db, { checks })
  expect(failureOf(() => expectNoHardViolations(report))).toMatch(
    /^found 1 violation of a hard check, expected none: ".+" \(bar-on-session\): x:first, .*2021-01-02$/,
  )
})
