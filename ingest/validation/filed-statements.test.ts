import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { type Filing, fileFacts, hardViolations } from '../testing/validation/company-facts.ts'

/**
 * Standard items beside the statements of annual reports, by item. The facts are those of the XBRL documents
 * of real 10-Ks (public filings with the SEC), as public repositories quote them: `source` of a report names
 * the repository on GitHub, and `sources.md` beside the data says what it quotes. The values were assigned to
 * items by their accounting sense, without the table of tags: "line" is a line of a statement, "answer" an
 * answer of a question set, "fact" a fact of a recording that shows no statement, "sum" a sum of such values
 * (a calculated item). Days of filing are our own.
 */
const DATA = join(import.meta.dirname, '..', 'testing', 'validation', 'data')

/** What differs, and why; docs/methods.md says the same in sentences. */
const MISSES: readonly string[] = [
  // Tagged as earnings of continuing operations, which are others where operations are discontinued.
  'adi-20191102 eps_basic: 3.68, not_filed',
  'adi-20191102 eps_diluted: 3.65, not_filed',
  // No line of short-term borrowings, and nothing in the recording that proves them to be zero.
  'amgn-20191231 total_debt: 29903000000, part_not_filed',
  'crm-20230131 total_debt: 10601000000, part_not_filed',
  // The line of the balance sheet has no tag of the taxonomy: the end of the cash flow statement is used.
  'cvx-20211231 cash: 5640000000, 6795000000',
  // The line includes notes; a note of the report states the receivables of customers alone.
  'cvx-20211231 receivables: 18419000000, 16400000000',
  // A note states the part of long-term debt that falls due; the balance sheet has most of it as long-term.
  'cvx-20211231 total_debt: 31369000000, part_not_filed',
  // As Amgen's of 2019.
  'dis-20211002 total_debt: 54406000000, part_not_filed',
  // The equity of the parent is tagged by class only: with minority interests.
  'unh-20191231 equity: 57616000000, 60436000000',
  'unh-20191231 total_debt: 40678000000, part_not_filed',
  // Tagged as net interest income.
  'v-20220930 interest_expense: 538000000, not_filed',
  'v-20220930 total_debt: 22450000000, part_not_filed',
  // The equity of the parent is tagged by class only.
  'vz-20201231 equity: 67842000000, 69272000000',
  'vz-20201231 total_debt: 129062000000, part_not_filed',
]

async function rowsOf(name: string): Promise<string[][]> {
  const lines = (await readFile(join(DATA, name), 'utf8')).trimEnd().split('\n').slice(1)
  return lines.map((line) => line.split(','))
}

const FILED_AFTER_DAYS = 50
const filedOn = (period_end: string): string =>
  new Date(Date.parse(period_end) + FILED_AFTER_DAYS * 86_400_000).toISOString().slice(0, 10)

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  const facts = Map.groupBy(await rowsOf('filed-facts.csv'), ([document]) => document)
  const reports = await rowsOf('filed-statements.csv')
  for (const [cik = '', own] of Map.groupBy(reports, (report) => report[2])) {
    const filings: Filing[] = own.map(([document = '', , , , period_end = '']) => ({
      form: '10-K',
      filed: filedOn(period_end),
      accn: document,
      facts: (facts.get(document) ?? []).map(([, start = '', tag, unit = '', value = '']) => {
        return [start, period_end, `us-gaap:${tag}`, unit, value] as const
      }),
    }))
    await fileFacts(scratch.db, cik, filings)
  }
})
afterAll(() => scratch?.drop())

it('standard items of the reports equal the statements, but for the listed ones', async () => {
  const reports = new Map((await rowsOf('filed-statements.csv')).map((report) => [report[0], report]))
  const values = await rowsOf('statement-values.csv')
  const wanted = values.map(([document = '', item = '', value = '']) => {
    const [, filer, cik, , period_end] = reports.get(document) ?? []
    return { document, filer, cik, period_end, item, value }
  })
  const found = await scratch.db.rows<{ text: string; is_equal: boolean }>(
    queryFile(join(import.meta.dirname, '..', 'testing', 'validation', 'sql'), 'filed-statements'),
    [JSON.stringify(wanted)],
  )
  expect(new Set(wanted.map(({ cik }) => cik)).size).toBe(30)
  expect(new Set(wanted.map(({ document }) => document))).toEqual(new Set(reports.keys()))
  expect(new Set(wanted.map(({ item }) => item)).size).toBe(49)
  expect(found.length).toBe(values.length)
  expect(found.filter(({ is_equal }) => !is_equal).map(({ text }) => text)).toEqual(MISSES)
})

it('each item of these filers equals its recomputation', async () => {
  expect(await hardViolations(scratch.db)).toBe(0)
})
