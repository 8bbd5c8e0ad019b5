import { join } from 'node:path'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { batchesOf, type Columns, gathered, readAhead, rowsOf } from './batches.ts'
import type { Recomputation, Violation } from './check.ts'
import { type Fact, type Filing, type ItemTag, tagsThatMatter } from './item-statements.ts'
import { type NotFiled, notFiled, type Quarter, type Vintage, vintagesOf } from './standard-items.ts'

const SQL = join(import.meta.dirname, 'sql')
/** Filers read at once: bounds memory, whatever the universe. */
const FILERS_A_BATCH = 20

const FACT_COLUMNS = ['taxonomy', 'tag', 'unit', 'period_start', 'period_end', 'value'] as const
const QUARTER_COLUMNS = [
  'taxonomy',
  'tag',
  'unit',
  'period_start',
  'period_end',
  'known_from',
  'known_to',
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
  /** By filer: its rows of the table and the view, each as a line. */
  readonly lines: ReadonlyMap<string, string>
  readonly filings: ReadonlyMap<string, readonly FilingColumns[]>
  readonly quarters: ReadonlyMap<string, QuarterColumns>
}

export const standardItemsRecomputation: Recomputation = {
  name: 'standard-items-equal-recomputation',
  claim: 'standard items, every vintage, equal an independent recomputation exactly',
  severity: 'hard',
  why:
    'The table is derived by joins of sets; the recomputation reads filing after filing, day by day. ' +
    'Both read the derived quarters, which have a recomputation of their own.',
  job: 'fundamentals-derived',
  is_acceptable: false,
  find: recomputeStandardItems,
}

/**
 * The rows of `fundamentals_standard`, and the items that `fundamentals_standard_v` gives as not filed, that
 * differ from the recomputation, and those that are missing.
 */
async function recomputeStandardItems(db: Database): Promise<Violation[]> {
  return db.transaction(async (tx) => {
    const tags = await tx.rows<ItemTag & Record<string, unknown>>(
      `select item, taxonomy, tag, sign, tier, priority, value_kind, is_instant, part_beside
       from stocks_research.standard_item_tags`,
    )
    const filers = await tx.rows<{ cik: string }>(queryFile(SQL, 'standard-item-filers'))
    const violations: Violation[] = []
    const batches = batchesOf(
      filers.map(({ cik }) => cik),
      FILERS_A_BATCH,
    )
    const tag_names = tagsThatMatter(tags)
    for await (const batch of readAhead(batches, (ciks) => readBatch(tx, ciks, tag_names))) {
      for (const cik of batch.ciks) {
        const filings = (batch.filings.get(cik) ?? []).map(filingOf)
        const vintages = vintagesOf(tags, filings, quartersOf(batch.quarters.get(cik)))
        const present = vintages.filter(({ known_to }) => known_to === null)
        const missing = notFiled(present, tags).flatMap(lineOfPeriod)
        const expected = [...vintages.map(lineOf), ...missing]
        violations.push(...compareLines(cik, batch.lines.get(cik) ?? '', expected))
      }
    }
    return violations
  })
}

async function readBatch(
  tx: Database,
  ciks: readonly string[],
  tags: readonly string[],
): Promise<Batch & { readonly ciks: readonly string[] }> {
  const lines = await tx.rows<{ cik: string; lines: string }>(queryFile(SQL, 'standard-item-rows'), [ciks])
  const filings = await tx.rows<FilingColumns>(
    queryFile(SQL, 'standard-item-facts', { columns: gathered(FACT_COLUMNS) }),
    [ciks, tags],
  )
  const quarters = await tx.rows<QuarterColumns>(
    queryFile(SQL, 'standard-item-quarters', { columns: gathered(QUARTER_COLUMNS) }),
    [ciks, tags],
  )
  return {
    ciks,
    lines: new Map(lines.map((row) => [row.cik, row.lines])),
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
const lineOf = (row: Vintage): string =>
  [
    row.item,
    row.period_kind,
    row.period_start,
    row.period_end,
    row.unit,
    row.known_from,
    row.known_to,
    row.value,
    row.reason,
    row.taxonomy,
    row.tag,
    row.method,
    row.accession,
    row.filed,
    row.first_known_on,
    row.first_value,
  ].join('|')

/** As sql/standard-item-rows.sql writes the items that were not filed; none when every item was. */
const lineOfPeriod = ({ period_kind, period_start, period_end, items }: NotFiled): string[] =>
  items.length === 0 ? [] : [[period_kind, period_start, period_end, items.join()].join('|')]

function compareLines(subject: string, text: string, expected: readonly string[]): Violation[] {
  const missing = new Set(expected)
  const violations: Violation[] = []
  for (const line of text === '' ? [] : text.split('\n'))
    if (!missing.delete(line))
      violations.push({ subject, table: 'fundamentals_standard', fault: 'no filing gives it', row: line })
  for (const line of missing)
    violations.push({ subject, table: 'fundamentals_standard', fault: 'it is missing', row: line })
  return violations
}
