import type { Database } from '../../../helpers/postgres/database.ts'

/** How a column of a copied row differs from the original, so that the copy is another company's. */
const copied = (copy: number): Readonly<Record<string, string>> => ({
  security_id: `t.security_id + ${100_000 * copy}`,
  acquirer_security_id: `t.acquirer_security_id + ${100_000 * copy}`,
  source_id: `t.source_id || '-${copy}'`,
  acquirer_source_id: `t.acquirer_source_id || '-${copy}'`,
  ticker: `t.ticker || 'Z${copy}'`,
  acquirer_ticker: `t.acquirer_ticker || 'Z${copy}'`,
  ...Object.fromEntries(
    ['open', 'high', 'low', 'close', 'cash_amount'].map((name) => [name, `t.${name} * ${1 + copy / 10}`]),
  ),
  cik: `(t.cik::bigint - ${copy} * 1000000000::bigint)::text`, // Simulated ones begin with 99.
})
/** Parents before children. */
const FIRST = ['securities', 'ticker_history']

/**
 * Adds a copy of every security and filer, with all of their rows, under other names.
 *
 * @param copy 1 to 8; another one each time that the same market is doubled, each twice the one before.
 */
export async function doubleMarket(db: Database, copy: number): Promise<void> {
  const changes = copied(copy)
  const columns = await db.rows<{ table: string; column: string }>(
    `select c.table_name::text as "table", c.column_name::text as "column"
     from information_schema.columns c
     join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = 'stocks_research' and t.table_type = 'BASE TABLE' and c.is_generated = 'NEVER'
     order by c.table_name, c.ordinal_position`,
  )
  const byTable = Map.groupBy(columns, ({ table }) => table)
  const tables = [...byTable].toSorted(([a], [b]) => rank(a) - rank(b))
  await db.transaction(async (tx) => {
    for (const [table, of] of tables) {
      const names = of.map(({ column }) => column)
      if (!names.includes('security_id') && !names.includes('cik')) continue
      const values = names.map((name) => changes[name] ?? `t.${name}`)
      await tx.execute(
        `insert into stocks_research.${table} (${names.join(', ')}) overriding system value
         select ${values.join(', ')} from stocks_research.${table} t`,
      )
    }
  })
  await db.execute('analyze')
}

const rank = (table: string): number => (FIRST.includes(table) ? FIRST.indexOf(table) : FIRST.length)
