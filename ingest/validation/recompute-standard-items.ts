import { join } from 'node:path'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { type Columns, gathered, rowsOf } from './batches.ts'
import type { Recomputation, Violation } from './check.ts'
import { type Fact, type Filing, type ItemTag, tagsThatMatter } from './item-statements.ts'
import { type ItemRow, itemsOn, type NotFiled, type Quarter } from './standard-items.ts'

const SQL = join(import.meta.dirname, 'sql')
/** Filers read at once: bounds memory, whatever the universe. */
const FILERS_A_BATCH = 20
/** Everything that is known now. */
const TODAY = '9999-12-31'

const FACT_COLUMNS = ['taxonomy', 'tag', 'unit', 'period_start', 'period_end', 'value'] as const
const QUARTER_COLUMNS = [
  'taxonomy',
  'tag',
  'unit',
  'period_start',
  'period_end',
  'known_from',
  'derived_value',
  'method',
  'reason',
  'accession',
  'subtracted_accession',
] as const

interface FilingColumns extends Record<string, unknown>, Columns<(typeof FACT_COLUMNS)[number]> {
  readonly cik: string
  readonly accession: string
  readonly form: string
  readonly filed: string
}
interface QuarterColumns extends Record<string, unknown>, Columns<(typeof QUARTER_COLUMNS)[number]> {
  readonly cik: string
}
interface Batch {
  readonly filers: readonly { readonly cik: string; readonly lines: string }[]
  readonly filings: ReadonlyMap<string, readonly FilingColumns[]>
  readonly quarters: ReadonlyMap<string, QuarterColumns>
}

export const standardItemsRecomputation: Recomputation = {
  name: 'standard-items-equal-recomputation',
  claim: 'standard items, every row of the view, equal an independent recomputation exactly',
  severity: 'hard',
  why:
    'The view joins sets of facts; the recomputation reads one filing after the other. Both read the ' +
    'derived quarters, which a recomputation of their own verifies.',
  job: 'fundamentals-derived',
  is_acceptable: false,
  find: recomputeStandardItems,
}

/**
 * The rows of `fundamentals_standard_v` that differ from the recomputation, and those missing from the view.
 */
async function recomputeStandardItems(db: Database): Promise<Violation[]> {
  return db.transaction(async (tx) => {
    const tags = await tx.rows<ItemTag & Record<string, unknown>>(
      `select item, taxonomy, tag, sign, tier, priority, value_kind, is_instant, part_beside
       from stocks_research.standard_item_tags`,
    )
    await tx.execute(queryFile(SQL, 'standard-item-rows'))
    const violations: Violation[] = []
    let next = readBatch(tx, tagsThatMatter(tags))
    for (;;) {
      const { filers, filings, quarters } = await next
      if (filers.length === 0) break
      next = readBatch(tx, tagsThatMatter(tags)) // The server reads on while this batch is computed.
      next.catch(() => {})
      for (const { cik, lines } of filers) {
        const { rows, not_filed } = itemsOn(
          TODAY,
          tags,
          (filings.get(cik) ?? []).map(filingOf),
          quartersOf(quarters.get(cik)),
        )
        violations.push(
          ...compareLines(cik, lines, [...rows.map(lineOf), ...not_filed.flatMap(lineOfPeriod)]),
        )
      }
    }
    await tx.execute('close standard_items')
    return violations
  })
}

async function readBatch(tx: Database, tags: readonly string[]): Promise<Batch> {
  const filers = await tx.rows<{ cik: string; lines: string }>(
    `fetch forward ${FILERS_A_BATCH} from standard_items`,
  )
  const values = [filers.map(({ cik }) => cik), tags]
  const filings = await tx.rows<FilingColumns>(
    queryFile(SQL, 'standard-item-facts', { columns: gathered(FACT_COLUMNS) }),
    values,
  )
  const quarters = await tx.rows<QuarterColumns>(
    queryFile(SQL, 'standard-item-quarters', { columns: gathered(QUARTER_COLUMNS) }),
    values,
  )
  return {
    filers,
    filings: Map.groupBy(filings, ({ cik }) => cik),
    quarters: new Map(quarters.map((columns) => [columns.cik, columns])),
  }
}

const filingOf = (columns: FilingColumns): Filing => ({
  accession: columns.accession,
  form: columns.form,
  filed: columns.filed,
  facts: rowsOf<Fact>(columns, FACT_COLUMNS),
})

const quartersOf = (columns: QuarterColumns | undefined): Quarter[] =>
  columns === undefined ? [] : rowsOf<Quarter>(columns, QUARTER_COLUMNS)

/** As sql/standard-item-rows.sql writes a row. */
const lineOf = (row: ItemRow): string =>
  [
    row.item,
    row.period_kind,
    row.period_start,
    row.period_end,
    row.unit,
    row.value,
    row.taxonomy,
    row.tag,
    row.method,
    row.accession,
    row.known_from,
    row.reason,
  ].join('|')

/** As sql/standard-item-rows.sql writes the items that were not filed; none when every item was. */
const lineOfPeriod = ({ period_kind, period_start, period_end, items }: NotFiled): string[] =>
  items.length === 0 ? [] : [[period_kind, period_start, period_end, items.join()].join('|')]

function compareLines(subject: string, text: string, expected: readonly string[]): Violation[] {
  const missing = new Set(expected)
  const violations: Violation[] = []
  for (const line of text === '' ? [] : text.split('\n'))
    if (!missing.delete(line))
      violations.push({ subject, view: 'fundamentals_standard_v', fault: 'no filing gives it', row: line })
  for (const line of missing)
    violations.push({ subject, view: 'fundamentals_standard_v', fault: 'it is missing', row: line })
  return violations
}
