import { join } from 'node:path'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { type Columns, gathered, rowsOf } from './batches.ts'
import { CALCULATED_ITEMS } from './calculated-item-terms.ts'
import { type Answer, itemsOfNewest, itemsOfPeriods, PARTS } from './calculated-items.ts'
import type { Recomputation, Violation } from './check.ts'
import { epsOfFourQuarters, type Split } from './eps-of-four-quarters.ts'
import type { TagMeaning, Vintage, YearSum } from './four-quarters.ts'

const SQL = join(import.meta.dirname, 'sql')
/** The functions compute what is asked of them: all filers on a day would take seconds. */
const FILERS_MAX = 8
/** Half of the sample are those of so many filers that report the most parts. */
const CANDIDATES = 48

const VINTAGE_COLUMNS = [
  'item',
  'period_kind',
  'period_start',
  'period_end',
  'unit',
  'value',
  'reason',
  'taxonomy',
  'tag',
  'accession',
  'filed',
  'known_from',
  'known_to',
  'first_known_on',
  'first_value',
] as const
const SUM_COLUMNS = [
  'taxonomy',
  'tag',
  'unit',
  'period_start',
  'period_end',
  'known_from',
  'ttm_value',
  'ttm_reason',
] as const
const SPLIT_COLUMNS = ['ex_date', 'declared_date', 'split_from', 'split_to'] as const
const EARNINGS = ['eps_basic', 'eps_diluted'] as const

export const calculatedItemsRecomputation: Recomputation = {
  name: 'calculated-items-equal-recomputation',
  claim: 'calculated items and EPS of sampled filers equal an independent recomputation exactly',
  severity: 'hard',
  why:
    'calculated_items_as_of, fundamentals_panel and eps_panel are asked of a sample of filers, as known on ' +
    'two days: today, and the last day before the newest change. The recomputation has its own copy of the ' +
    'terms, and reads the vintages of standard items, which have a recomputation of their own.',
  job: 'fundamentals-derived',
  is_acceptable: false,
  find: (db) => db.transaction(ofSample),
}

/** Each row of the three functions, of the sample on its two days, that differs from the recomputation. */
async function ofSample(tx: Database): Promise<Violation[]> {
  const filers = await tx.rows<{ cik: string }>(queryFile(SQL, 'calculated-item-filers'), [
    FILERS_MAX,
    CANDIDATES,
    PARTS,
  ])
  return differencesOf(
    tx,
    filers.map(({ cik }) => cik),
  )
}

/** The same of these filers; on the two days of the sample where no days are given. */
export async function differencesOf(
  tx: Database,
  ciks: readonly string[],
  given_days?: readonly string[],
): Promise<Violation[]> {
  const items = [...PARTS, ...EARNINGS]
  const vintages = await readColumns<Vintage>(tx, 'calculated-item-vintages', VINTAGE_COLUMNS, [ciks, items])
  const sums = await readColumns<YearSum>(tx, 'calculated-item-sums', SUM_COLUMNS, [ciks, PARTS])
  const splits = await readColumns<Split>(tx, 'calculated-item-splits', SPLIT_COLUMNS, [ciks])
  const tags = await readTags(tx)
  const days = given_days ?? daysOf([...vintages.values()].flat())
  const rows = await tx.rows<{ day: string; cik: string; routine: string; line: string }>(
    queryFile(SQL, 'calculated-item-rows'),
    [days, ciks, [...Object.keys(CALCULATED_ITEMS), ...EARNINGS.map((item) => `${item}_ttm`)]],
  )
  const found = Map.groupBy(rows, ({ day, cik, routine }) => [day, cik, routine].join())
  const violations: Violation[] = []
  for (const day of days)
    for (const cik of ciks) {
      const own = vintages.get(cik) ?? []
      const eps = EARNINGS.flatMap((item) => epsOfFourQuarters(item, own, splits.get(cik) ?? [], day))
      const newest = itemsOfNewest(own, sums.get(cik) ?? [], tags, day)
      const expected: Readonly<Record<string, readonly Answer[]>> = {
        calculated_items_as_of: itemsOfPeriods(own, day),
        fundamentals_panel: [...newest, ...eps.map(panelRow)],
        eps_panel: eps,
      }
      for (const [routine, answers] of Object.entries(expected)) {
        const lines = (found.get([day, cik, routine].join()) ?? []).map(({ line }) => line)
        violations.push(...differences({ subject: cik, day, routine }, lines, answers))
      }
    }
  return violations
}

/** Every day to come, and the last one on which a vintage was known that is no longer. */
function daysOf(vintages: readonly Vintage[]): string[] {
  const ended = vintages.map(({ known_to }) => known_to ?? '').reduce(later, '')
  if (ended === '') return ['infinity']
  return ['infinity', new Date(Date.parse(ended) - 86_400_000).toISOString().slice(0, 10)]
}
const later = (a: string, b: string): string => (a > b ? a : b)

/** By filer, the rows of a query that gathers columns. */
async function readColumns<
  R extends { readonly [name in K]: string | null },
  K extends string = keyof R & string,
>(tx: Database, query: string, names: readonly K[], values: readonly unknown[]): Promise<Map<string, R[]>> {
  const filers = await tx.rows<{ cik: string } & Columns<K>>(
    queryFile(SQL, query, { columns: gathered(names) }),
    [...values],
  )
  return new Map(filers.map((columns) => [columns.cik, rowsOf<R, K>(columns, names)]))
}

/** By item, taxonomy and tag. */
async function readTags(tx: Database): Promise<Map<string, TagMeaning>> {
  const tags = await tx.rows<{ name: string; sign: number; tier: number }>(
    `select concat_ws(' ', item, taxonomy, tag) as name, sign, tier
     from stocks_research.standard_item_tags`,
  )
  return new Map(tags.map(({ name, sign, tier }) => [name, { sign: Number(sign), tier: Number(tier) }]))
}

/** Earnings as the panel of items gives them: a year, without a sum of quarters. */
function panelRow([
  item = '',
  start = '',
  end = '',
  unit = '',
  value = '',
  reason = '',
  ...filing
]: Answer): Answer {
  return [item, 'year', start, end, unit, value, reason, '', 'not_additive', '', ...filing]
}

function differences(
  where: { readonly subject: string; readonly day: string; readonly routine: string },
  lines: readonly string[],
  expected: readonly Answer[],
): Violation[] {
  const missing = new Set(expected.map((answer) => answer.join('|')))
  const violations: Violation[] = []
  for (const row of lines)
    if (!missing.delete(row)) violations.push({ ...where, fault: 'the recomputation does not give it', row })
  for (const row of missing) violations.push({ ...where, fault: 'it is missing', row })
  return violations
}
